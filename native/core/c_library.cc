#include "c_library.h"

#include <features.h>

#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

namespace seccomp_node {

std::string c_library() {
#ifdef __GLIBC__
  return std::string("glibc ") + gnu_get_libc_version();
#else
  return "musl";
#endif
}

}  // namespace seccomp_node
