// Names of errno values, which no portable C function gives.
#pragma once

#include <string>

namespace seccomp_node {

/** `EPERM` for 1; a number without a name prints as itself. */
std::string errno_name(int error);

}  // namespace seccomp_node
