#include "file_lock.h"

#include <sys/file.h>

#include <cerrno>

namespace seccomp_node {

Status lock_file(std::int32_t descriptor) {
  while (flock(descriptor, LOCK_EX) != 0) {
    if (errno != EINTR) return Failure{"flock", errno};
  }
  return kDone;
}

}  // namespace seccomp_node
