// File locks that are released when the process ends: flock(2), which Node does not provide.
#pragma once

#include <cstdint>

#include "result.h"

namespace seccomp_node {

/** Acquires the exclusive lock of an open file, and waits for it. The lock is held until the descriptor is closed. */
Status lock_file(std::int32_t descriptor);

}  // namespace seccomp_node
