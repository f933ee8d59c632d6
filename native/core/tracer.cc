#include "tracer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <span>

#include "../tracer/recording_table.h"
#include "descriptor.h"
#include "executable_file.h"

// The tracer for this architecture, an ELF file that the build puts on the include path.
asm(".pushsection .rodata\n"
    ".balign 16\n"
    "seccomp_tracer:\n"
    ".incbin \"seccomp-tracer\"\n"
    "seccomp_tracer_end:\n"
    ".popsection\n");

extern "C" __attribute__((visibility("hidden"))) const std::byte seccomp_tracer[];
extern "C" __attribute__((visibility("hidden"))) const std::byte seccomp_tracer_end[];

namespace seccomp_node {

Result<TracerFiles> prepare_tracer() {
  auto image = executable_file("seccomp-tracer", std::span(seccomp_tracer, seccomp_tracer_end));
  if (const auto* failure = image.failure()) return *failure;
  Descriptor table(memfd_create("seccomp-table", MFD_CLOEXEC));
  if (!table.valid()) return Failure{"memfd_create", errno};
  if (ftruncate(table.number(), kTableSize) != 0) return Failure{"ftruncate", errno};
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
  return TracerFiles{image.value().release(), table.release(), woken.release(), wake.release(), sockets[0], sockets[1],
                     stopped.release(),       stop.release()};
}

Result<std::span<std::byte>> map_table(std::int32_t table) {
  void* const memory = mmap(nullptr, sizeof(Table), PROT_READ | PROT_WRITE, MAP_SHARED, table, 0);
  if (memory == MAP_FAILED) return Failure{"mmap", errno};
  return std::span(static_cast<std::byte*>(memory), sizeof(Table));
}

Result<std::int32_t> be_traced(std::int32_t socket, std::int32_t tracer) {
  // Lets the tracer attach if the kernel has Yama.
  const bool permitted = prctl(PR_SET_PTRACER, tracer, 0, 0, 0) == 0;
  std::int32_t message = -getpid();
  const auto transfer = [socket, &message](auto function) {
    ssize_t count = 0;
    while ((count = function(socket, &message, sizeof message)) < 0 && errno == EINTR) {
    }
    return count == sizeof message;
  };
  const bool answered = transfer(write) && transfer(read);
  if (permitted) prctl(PR_SET_PTRACER, 0, 0, 0, 0);
  if (!answered) return Failure{"read", ESRCH};
  return message;
}

}  // namespace seccomp_node
