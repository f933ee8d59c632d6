// Finds the io_uring rings that this process has open.
#pragma once

#include <cstdint>
#include <vector>

#include "result.h"

namespace seccomp_node {

/** Their descriptors in /proc/self/fd, ascending. */
Result<std::vector<std::int32_t>> open_rings();

/**
 * Ids of the kernel's threads in this process that poll a ring (IORING_SETUP_SQPOLL), ascending: on such a ring,
 * operations are submitted without a system call. Linux 5.12 and later show them.
 */
Result<std::vector<std::int32_t>> polling_threads();

}  // namespace seccomp_node
