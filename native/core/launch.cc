#include "launch.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "../launcher/isolation.h"
#include "../launcher/orders.h"
#include "descriptor.h"
#include "executable_file.h"
#include "kernel_abi.h"
#include "load.h"
#include "terminal.h"

// The launcher for this architecture, an ELF file that the build puts on the include path.
asm(".pushsection .rodata\n"
    ".balign 16\n"
    "seccomp_launcher:\n"
    ".incbin \"seccomp-launcher\"\n"
    ".popsection\n");

extern "C" __attribute__((visibility("hidden"))) const std::byte seccomp_launcher[];

namespace seccomp_node {

namespace {

/** The launcher with orders and the two programs behind it, in its only segment. */
std::vector<std::byte> make_image(const Orders& orders, std::span<const std::byte> layer,
                                  std::span<const std::byte> program) {
  Elf64_Ehdr header;
  std::memcpy(&header, seccomp_launcher, sizeof header);
  Elf64_Phdr segment;
  std::memcpy(&segment, seccomp_launcher + header.e_phoff, sizeof segment);
  // The file continues with section headers, which only linkers need.
  const auto code = segment.p_filesz;
  header.e_shoff = 0;
  header.e_shnum = 0;
  header.e_shstrndx = 0;
  segment.p_filesz = segment.p_memsz = code + sizeof orders + layer.size() + program.size();

  std::vector<std::byte> image(segment.p_filesz);
  std::memcpy(image.data(), seccomp_launcher, code);
  std::memcpy(image.data(), &header, sizeof header);
  std::memcpy(image.data() + header.e_phoff, &segment, sizeof segment);
  std::memcpy(image.data() + code, &orders, sizeof orders);
  auto* const programs = image.data() + code + sizeof orders;
  if (!layer.empty()) std::memcpy(programs, layer.data(), layer.size());
  if (!program.empty()) std::memcpy(programs + layer.size(), program.data(), program.size());
  return image;
}

/** A file in memory of the size of a report, all zeros. */
Result<Descriptor> report_file() {
  Descriptor file(memfd_create("seccomp-report", MFD_CLOEXEC));
  if (!file.valid()) return Failure{"memfd_create", errno};
  if (ftruncate(file.number(), sizeof(Report)) != 0) return Failure{"ftruncate", errno};
  return file;
}

}  // namespace

Result<Launch> prepare_launch(std::span<const std::byte> layer, std::span<const std::byte> program, std::uint32_t flags,
                              bool no_new_privs, std::uint32_t domain, bool only_stdio, std::uint32_t first_descriptor,
                              bool await, bool end_with_parent, std::span<const std::byte> ring_verdicts,
                              std::uint32_t tracer) {
  const bool listen = (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0;
  // A listener that the parent does not receive would be closed with the launcher; without a program there is none.
  if (listen && (!await || program.empty())) return Failure{"seccomp", EINVAL};
  // A command that is only traced has no filter.
  if (layer.empty() && program.empty() && ring_verdicts.empty() && tracer == 0) return Failure{"seccomp", EINVAL};
  for (const auto bytes : {layer, program}) {
    if (!bytes.empty() && !is_program_size(bytes.size())) return Failure{"seccomp", EINVAL};
  }
  if (domain > static_cast<std::uint32_t>(Domain::kRefer)) return Failure{"landlock_create_ruleset", EINVAL};
  if (ring_verdicts.size() > kRingOperations) return Failure{"io_uring_register", EINVAL};
  Orders orders{.flags = flags,
                .no_new_privs = no_new_privs ? 1U : 0U,
                .first_descriptor = first_descriptor,
                .descriptors = (await ? 3U : 2U) + (tracer != 0 ? 1U : 0U),
                .only_stdio = only_stdio ? 1U : 0U,
                .leave_terminal = only_stdio && has_terminal() ? 1U : 0U,
                .domain = domain,
                .layer_instructions = static_cast<std::uint32_t>(layer.size() / sizeof(sock_filter)),
                .instructions = static_cast<std::uint32_t>(program.size() / sizeof(sock_filter)),
                .parent = end_with_parent || thread_id() == getpid() ? static_cast<std::uint32_t>(getpid()) : 0U,
                .end_with_parent = end_with_parent ? 1U : 0U,
                .tracer = tracer,
                .ring_operations = static_cast<std::uint32_t>(ring_verdicts.size()),
                .ring_verdicts = {}};
  if (!ring_verdicts.empty()) std::memcpy(orders.ring_verdicts, ring_verdicts.data(), ring_verdicts.size());
  auto image = executable_file("seccomp-launcher", make_image(orders, layer, program));
  if (const auto* failure = image.failure()) return *failure;
  auto report = report_file();
  if (const auto* failure = report.failure()) return *failure;
  std::array<int, 2> ends{-1, -1};
  if (listen && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return Failure{"socketpair", errno};
  }
  if (await && !listen && pipe2(ends.data(), O_CLOEXEC) != 0) return Failure{"pipe2", errno};
  return Launch{image.value().release(), report.value().release(), ends[0], ends[1]};
}

}  // namespace seccomp_node
