// SPDX-License-Identifier: BSD-3-Clause
// The Tab key in bash, zsh and fish, with a real hook.
#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "tool/tool_fixture.hpp"

namespace xdpcap::test {
namespace {

const std::string kScripts = std::string(SOURCE_FOLDER) + "/capture/completion/";

class ShellCompletion : public ToolTest {
 protected:
  // What is on the command line after `typed` and a Tab.
  [[nodiscard]] static std::string shell(std::vector<std::string> command) {
    const std::string folder = std::filesystem::path(XDPCAP_CPP).parent_path();
    command.insert(command.begin(), {"env", "PATH=" + folder + ":/usr/bin:/bin:/usr/sbin:/sbin"});
    const ProcessResult result = run(command);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return std::string(trim(result.out));
  }

  // The words as bash divides them; what it offers instead of the last.
  [[nodiscard]] static std::string bash(const std::string& words) {
    return shell(
        {"bash", "--norc", "-c",
         "source " + kScripts +
             "xdpcap-cpp.bash\n"
             "COMP_WORDS=(xdpcap-cpp " +
             words +
             "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
             "eval \"$(complete -p xdpcap-cpp | sed 's/complete -F \\(.*\\) xdpcap-cpp/\\1/')"
             " xdpcap-cpp '${COMP_WORDS[COMP_CWORD]}'\"\n"
             "echo \"${COMPREPLY[@]}\""});
  }
  [[nodiscard]] static std::string zsh(const std::string& line) {
    return shell({"zsh", "-f", std::string(SOURCE_FOLDER) + "/tests/tool/completion.zsh", kScripts,
                  "xdpcap-cpp " + line});
  }
  [[nodiscard]] static std::string fish(const std::string& line) {
    return shell({"fish", "--no-config", "-c",
                  "source " + kScripts + "xdpcap-cpp.fish; complete -C 'xdpcap-cpp " + line +
                      "' | string replace -r '\\t.*' ''; true"});
  }

  std::string typed_ = hook_path_.substr(0, hook_path_.size() - 2);
};

TEST_F(ShellCompletion, Bash) {
  EXPECT_EQ(bash("--dump"), "--dump-ebpf");
  EXPECT_EQ(bash("--actions drop,red"), "drop,redirect");
  EXPECT_EQ(bash("--actions = red"), "redirect");
  EXPECT_EQ(bash("--fate = queued,drop"), "queued,dropped");
  EXPECT_EQ(bash("-w /etc/debian_ver"), "/etc/debian_version");
  EXPECT_EQ(bash("-Z nobo"), "nobody");
  EXPECT_EQ(bash("--replay in --prog hook"), "hooked");
  EXPECT_EQ(bash("-q " + typed_), hook_path_);
  EXPECT_EQ(bash("hook /etc/debian_ver"), "/etc/debian_version");
}

TEST_F(ShellCompletion, Zsh) {
  EXPECT_EQ(zsh("--dump"), "xdpcap-cpp --dump-ebpf");
  EXPECT_EQ(zsh("--actions drop,red"), "xdpcap-cpp --actions drop,redirect");
  EXPECT_EQ(zsh("--linktype=RAI"), "xdpcap-cpp --linktype=RAIF1");
  EXPECT_EQ(zsh("--fate=queued,drop"), "xdpcap-cpp --fate=queued,dropped");
  EXPECT_EQ(zsh("-a dur"), "xdpcap-cpp -a duration:");
  EXPECT_EQ(zsh("-Z nobo"), "xdpcap-cpp -Z nobody");
  EXPECT_EQ(zsh("-q " + typed_), "xdpcap-cpp -q " + hook_path_);
  EXPECT_EQ(zsh("hook /etc/debian_ver"), "xdpcap-cpp hook /etc/debian_version");
}

TEST_F(ShellCompletion, Fish) {
  EXPECT_EQ(fish("--dump"), "--dump-ebpf");
  EXPECT_EQ(fish("--actions drop,red"), "drop,redirect");
  EXPECT_EQ(fish("--actions=red"), "--actions=redirect");
  EXPECT_EQ(fish("--fate=queued,drop"), "--fate=queued,dropped");
  EXPECT_EQ(fish("--replay /etc/debian_ver"), "/etc/debian_version");
  EXPECT_EQ(fish("--replay in --prog hook"), "hooked");
  EXPECT_EQ(fish("-q " + typed_), hook_path_);
  EXPECT_EQ(fish("hook /etc/debian_ver"), "/etc/debian_version");
}

}  // namespace
}  // namespace xdpcap::test
