// SPDX-License-Identifier: BSD-3-Clause
// Programs loaded by other tools: it makes no difference which tool pins the hook, and how.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bpf/map_info.hpp"
#include "bpf/program_info.hpp"
#include "tool/lab_fixture.hpp"

namespace xdpcap::test {
namespace {

// The program on an interface, and the map of a name that it uses.
std::uint32_t program_on(const Namespace& where, const std::string& interface) {
  std::uint32_t id = 0;
  const int index = where.interface_index(interface);
  where.call([&] {
    if (bpf_xdp_query_id(index, XDP_FLAGS_DRV_MODE, &id) != 0) throw Error("asking an interface");
  });
  return id;
}

UniqueFd map_of_program(std::uint32_t program_id, const std::string& name) {
  const UniqueFd program(bpf_prog_get_fd_by_id(program_id));
  for (const std::uint32_t id : program_info(program.get()).map_ids) {
    UniqueFd map(bpf_map_get_fd_by_id(id));
    if (name == map_info(map.get()).value().name) return map;
  }
  throw Error("the program has no map " + name);
}

TEST_F(LabTest, ProgramsLoadedByBpftool) {
  load(false);  // for the ends
  let_ends_receive();
  const std::string folder = pins_.path("bpftool");
  must_run({"bpftool", "prog", "loadall", object_file(false), folder, "pinmaps", folder});
  const UniqueFd program(bpf_obj_get((folder + "/by_first_byte").c_str()));
  const UniqueFd devices(bpf_obj_get((folder + "/devices").c_str()));
  fill_devices(devices.get());
  attach(middle_, "m0", program.get());
  expect_every_action(100, folder + "/hook");
  run({"rm", "-r", folder});
}

// iproute2 creates folders in the bpffs that it never removes.
class Iproute2Folders {
 public:
  Iproute2Folders() {
    for (const char* name : {"ip", "xdp", "tc/globals", "tc"}) {
      const std::string path = std::string("/sys/fs/bpf/") + name;
      if (::access(path.c_str(), F_OK) != 0) absent_.push_back(path);
    }
  }
  Iproute2Folders(const Iproute2Folders&) = delete;
  Iproute2Folders& operator=(const Iproute2Folders&) = delete;
  Iproute2Folders(Iproute2Folders&&) = delete;
  Iproute2Folders& operator=(Iproute2Folders&&) = delete;
  ~Iproute2Folders() {
    for (const std::string& path : absent_) {
      if (::unlink(path.c_str()) != 0) ::rmdir(path.c_str());
    }
  }

 private:
  std::vector<std::string> absent_;
};

TEST_F(LabTest, ProgramsLoadedByIproute2) {
  const Iproute2Folders folders;
  load(false);  // for the ends
  let_ends_receive();
  middle_.run({"ip", "link", "set", "dev", "m0", "xdpdrv", "obj", object_file(false), "program",
               "by_first_byte"});
  const std::uint32_t program = program_on(middle_, "m0");
  fill_devices(map_of_program(program, "devices").get());
  pins_.pin(map_of_program(program, "hook").get(), "hook");
  expect_every_action(100, pins_.path("hook"));
}

// Loaders that set no attach type, as most did before it existed.
TEST_F(LabTest, ProgramsWithoutAnAttachType) {
  const UniqueFd hook = create_hook();
  const HookedProgram program(hook.get(), {0, false}, XdpAction(XDP_PASS));
  attach(middle_, "m0", program.fd());
  pins_.pin(hook.get(), "hook");
  start_capture(pins_.path("hook"));
  const Packet frame = test_frame(0, 1);
  from_left_->send(frame);
  EXPECT_EQ(at_middle_->receive(1), std::vector<Packet>{frame});
  stop_capture(1);
  EXPECT_EQ(read_bytes(file_), std::vector<Packet>{frame});
}

}  // namespace
}  // namespace xdpcap::test
