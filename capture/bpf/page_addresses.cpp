// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/page_addresses.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

#include "base/error.hpp"
#include "base/mapping.hpp"
#include "bpf/program_loader.hpp"

namespace xdpcap {
namespace {

std::uint32_t page_size() {
  return static_cast<std::uint32_t>(::sysconf(_SC_PAGESIZE));
}

#ifdef __x86_64__

// What page_to_virt() computes with (arch/x86/include/asm/page_64.h and pgtable_64.h). KASLR
// chooses both when the kernel boots.
struct Symbols {
  std::uint64_t page_offset_base = 0;
  std::uint64_t vmemmap_base = 0;
};

// Zeros where the kernel hides addresses, or has no such variables.
Symbols read_symbols() {
  std::ifstream file("/proc/kallsyms");
  Symbols symbols;
  std::string line;
  while ((symbols.page_offset_base == 0 || symbols.vmemmap_base == 0) && std::getline(file, line)) {
    std::uint64_t address = 0;
    std::string type;
    std::string name;
    if (line.find("_base") == std::string::npos) continue;
    std::istringstream(line) >> std::hex >> address >> type >> name;
    if (name == "page_offset_base") symbols.page_offset_base = address;
    if (name == "vmemmap_base") symbols.vmemmap_base = address;
  }
  return symbols;
}

std::optional<PageAddresses> candidate(const KernelTypes& types, const KernelMemory& memory) {
  const Symbols symbols = read_symbols();
  if (symbols.page_offset_base == 0 || symbols.vmemmap_base == 0) return std::nullopt;
  const auto pages = memory.read_word(symbols.page_offset_base);
  const auto structs = memory.read_word(symbols.vmemmap_base);
  const auto size = types.size_of("page");
  if (!pages || !structs || !size) return std::nullopt;
  return PageAddresses{*structs, *pages, *size,
                       static_cast<std::uint32_t>(std::countr_zero(page_size()))};
}

#else

std::optional<PageAddresses> candidate(const KernelTypes& /*types*/,
                                       const KernelMemory& /*memory*/) {
  return std::nullopt;
}

#endif

// KnownPage is a page that this process can write to, and whose struct page is known: the one that
// holds the consumer's position of a BPF ring buffer (kernel/bpf/ringbuf.c). The rest of it is
// unused.
class KnownPage {
 public:
  KnownPage()
      : map_(create_map(BPF_MAP_TYPE_RINGBUF, "xdpcap_page", 0, 0, page_size())),
        page_(map_.get(), page_size(), PROT_READ | PROT_WRITE, 0, "mapping a ring buffer") {}

  [[nodiscard]] std::optional<std::uint64_t> struct_page(const KernelTypes& types,
                                                         const KernelMemory& memory) const {
    const auto ringbuf_at = types.offset_of("bpf_ringbuf_map", "rb");
    const auto pages_at = types.offset_of("bpf_ringbuf", "pages");
    const auto position = types.offset_of("bpf_ringbuf", "consumer_pos");
    const auto map = memory.address_of_map(map_.get());
    if (!ringbuf_at || !pages_at || !position || !map) return std::nullopt;
    const auto ringbuf = memory.read_word(*map + *ringbuf_at);
    const auto pages = ringbuf ? memory.read_word(*ringbuf + *pages_at) : std::nullopt;
    if (!pages) return std::nullopt;
    return memory.read_word(*pages + *position / page_size() * sizeof(std::uint64_t));
  }

  // Whether the end of this page is at `address` + page_size().
  [[nodiscard]] bool is_at(std::uint64_t address, const KernelMemory& memory) const {
    constexpr std::size_t kPiece = KernelMemory::kPiece;
    KernelMemory::Piece random{};
    if (::getrandom(random.data(), kPiece, 0) != static_cast<ssize_t>(kPiece)) return false;
    std::memcpy(page_.at(page_size() - kPiece), random.data(), kPiece);
    return memory.read(address + page_size() - kPiece) == random;
  }

 private:
  UniqueFd map_;
  Mapping page_;
};

}  // namespace

bool are_true(const PageAddresses& addresses, const KernelTypes& types,
              const KernelMemory& memory) {
  const std::array<KnownPage, 3> pages;
  return std::ranges::all_of(pages, [&](const KnownPage& page) {
    const auto its_struct = page.struct_page(types, memory);
    return its_struct && page.is_at(addresses.address_of(*its_struct), memory);
  });
}

std::optional<PageAddresses> find_page_addresses(const KernelTypes& types) {
  try {
    const KernelMemory memory;
    const auto found = candidate(types, memory);
    return found && are_true(*found, types, memory) ? found : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;  // if tracing is forbidden altogether, loading the recorder says why
  }
}

}  // namespace xdpcap
