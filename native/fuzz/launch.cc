// Launchers for programs of any bytes: the image is one segment that ends with the given orders and program, it is
// sealed, and no descriptor leaks.
#include "../core/launch.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "../core/descriptor.h"
#include "../core/load.h"
#include "../launcher/isolation.h"
#include "../launcher/orders.h"
#include "check.h"
#include "descriptors.h"
#include "input.h"

namespace seccomp_node {

namespace {

std::vector<std::byte> contents(int file) {
  struct stat status {};
  check(fstat(file, &status) == 0, "the image has a size");
  std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size));
  check(pread(file, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()), "the image can be read");
  return bytes;
}

/** Whether bytes end with others. */
bool ends_with(std::span<const std::byte> bytes, std::span<const std::byte> expected) {
  if (bytes.size() < expected.size()) return false;
  return expected.empty() || std::memcmp(bytes.last(expected.size()).data(), expected.data(), expected.size()) == 0;
}

void check_image(std::span<const std::byte> image, std::span<const std::byte> layer, std::span<const std::byte> program,
                 Orders expected) {
  Elf64_Ehdr header;
  check(image.size() > sizeof header, "the image has a header");
  std::memcpy(&header, image.data(), sizeof header);
  Elf64_Phdr segment;
  check(header.e_phnum >= 1 && header.e_phoff + sizeof segment <= image.size(), "the image has a segment");
  std::memcpy(&segment, image.data() + header.e_phoff, sizeof segment);
  check(segment.p_filesz == image.size() && segment.p_memsz == image.size(), "the segment is the whole image");
  check(header.e_entry >= segment.p_vaddr && header.e_entry < segment.p_vaddr + segment.p_filesz, "it begins in it");
  check(ends_with(image, program), "the program is at the end");
  const auto before = image.first(image.size() - program.size());
  check(ends_with(before, layer), "the layer stands before it");
  Orders orders;
  std::memcpy(&orders, before.data() + before.size() - layer.size() - sizeof orders, sizeof orders);
  check(orders.leave_terminal <= expected.only_stdio, "only a command that gets nothing else leaves the terminal");
  // Depends on whether the fuzzer runs in a terminal.
  expected.leave_terminal = orders.leave_terminal;
  check(std::memcmp(&orders, &expected, sizeof orders) == 0, "the orders stand before both");
}

void fuzz(Input input) {
  const auto flags = input.number<std::uint32_t>();
  const bool no_new_privs = input.below(2) != 0;
  const bool await = input.below(2) != 0;
  const bool end_with_parent = input.below(2) != 0;
  const auto first_descriptor = input.number<std::uint32_t>();
  const auto domain = static_cast<std::uint32_t>(input.below(4));
  const bool only_stdio = input.below(2) != 0;
  const auto layer_size = input.below(64);
  // Repeats a few bytes, to reach the longest programs.
  const std::size_t repeat = input.below(8) == 0 ? input.number<std::uint16_t>() : 1;
  const auto pattern = std::as_bytes(input.rest());
  std::vector<std::byte> program;
  for (std::size_t count = 0; count < repeat && program.size() < 1UL << 16U; ++count) {
    program.insert(program.end(), pattern.begin(), pattern.end());
  }
  const auto layer = std::span<const std::byte>(program).first(std::min<std::size_t>(layer_size, program.size()));
  const auto launch = prepare_launch(layer, program, flags, no_new_privs, domain, only_stdio, first_descriptor, await,
                                     end_with_parent, {}, 0);
  const bool listen = (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0;
  const bool possible = is_program_size(program.size()) && (layer.empty() || is_program_size(layer.size())) &&
                        domain <= static_cast<std::uint32_t>(Domain::kRefer) && (await || !listen);
  check((launch.failure() == nullptr) == possible, "what is possible is made, and nothing else");
  if (launch.failure() != nullptr) return;
  const auto& made = launch.value();
  const Descriptor image(made.image);
  const Descriptor report(made.report);
  const Descriptor awaited(made.awaited);
  const Descriptor held(made.held);
  check(awaited.valid() == await && held.valid() == await, "somebody who waits gets two ends");
  const auto seals = fcntl(image.number(), F_GET_SEALS);
  check((seals & F_SEAL_WRITE) != 0 && (seals & F_SEAL_GROW) != 0 && (seals & F_SEAL_SHRINK) != 0, "it is sealed");
  const auto bytes = contents(image.number());
  check_image(bytes, layer, program,
              {.flags = flags,
               .no_new_privs = no_new_privs ? 1U : 0U,
               .first_descriptor = first_descriptor,
               .descriptors = await ? 3U : 2U,
               .only_stdio = only_stdio ? 1U : 0U,
               .domain = domain,
               .layer_instructions = static_cast<std::uint32_t>(layer.size() / sizeof(sock_filter)),
               .instructions = static_cast<std::uint32_t>(program.size() / sizeof(sock_filter)),
               .parent = static_cast<std::uint32_t>(getpid()),
               .end_with_parent = end_with_parent ? 1U : 0U});
}

}  // namespace

}  // namespace seccomp_node

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  seccomp_node::check_descriptors([&] { seccomp_node::fuzz({data, size}); });
  return 0;
}
