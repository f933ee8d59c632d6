#include "executable_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

namespace seccomp_node {

namespace {

Status write_all(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto count = write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failure{"write", errno};
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return kDone;
}

}  // namespace

Result<Descriptor> executable_file(const char* name, std::span<const std::byte> bytes) {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int number = memfd_create(name, kFlags | MFD_EXEC);
  // Before Linux 6.3 the flag is unknown and every such file is executable.
  if (number < 0 && errno == EINVAL) number = memfd_create(name, kFlags);
  if (number < 0) return Failure{"memfd_create", errno};
  Descriptor file(number);
  if (const auto failed = write_all(number, bytes)) return *failed;
  if (fcntl(number, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
    return Failure{"fcntl", errno};
  }
  return file;
}

}  // namespace seccomp_node
