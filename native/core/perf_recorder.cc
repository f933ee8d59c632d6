#include "perf_recorder.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <span>

#include "../perf/table.h"
#include "descriptor.h"
#include "executable_file.h"

// The recorder for this architecture, an ELF file that the build puts on the include path.
asm(".pushsection .rodata\n"
    ".balign 16\n"
    "seccomp_perf:\n"
    ".incbin \"seccomp-perf\"\n"
    "seccomp_perf_end:\n"
    ".popsection\n");

extern "C" __attribute__((visibility("hidden"))) const std::byte seccomp_perf[];
extern "C" __attribute__((visibility("hidden"))) const std::byte seccomp_perf_end[];

namespace seccomp_node {

Result<PerfRecorderFiles> prepare_perf_recorder() {
  auto image = executable_file("seccomp-perf", std::span(seccomp_perf, seccomp_perf_end));
  if (const auto* failure = image.failure()) return *failure;
  Descriptor table(memfd_create("seccomp-table", MFD_CLOEXEC));
  if (!table.valid()) return Failure{"memfd_create", errno};
  if (ftruncate(table.number(), sizeof(PerfTable)) != 0) return Failure{"ftruncate", errno};
  std::array<int, 2> pipe{-1, -1};
  if (pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) return Failure{"pipe2", errno};
  Descriptor woken(pipe[0]);
  Descriptor wake(pipe[1]);
  std::array<int, 2> stopping{-1, -1};
  if (pipe2(stopping.data(), O_CLOEXEC) != 0) return Failure{"pipe2", errno};
  Descriptor stopped(stopping[0]);
  Descriptor stop(stopping[1]);
  std::array<int, 2> sockets{-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0) return Failure{"socketpair", errno};
  return PerfRecorderFiles{image.value().release(), table.release(), woken.release(),
                           wake.release(),          sockets[0],      sockets[1],
                           stopped.release(),       stop.release()};
}

}  // namespace seccomp_node
