// The C library that this process uses.
#pragma once

#include <string>

namespace seccomp_node {

/** Its name and version, e.g. `glibc 2.36`; `musl` does not report its version. */
std::string c_library();

}  // namespace seccomp_node
