// Locks of files that end with the process which holds them: flock(2), which Node does not have.
#pragma once

#include <cstdint>

#include "result.h"

namespace seccomp_node {

/** Waits for the exclusive lock of an open file. It is held until the descriptor is closed. */
Status lock_file(std::int32_t descriptor);

}  // namespace seccomp_node
