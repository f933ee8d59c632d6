// First runs code that may not terminate in a copy of this process.
#pragma once

#include <chrono>
#include <functional>

#include "result.h"

namespace seccomp_node {

/**
 * Forks, runs the task in the child, and waits for it. The child may use as much processor time as is left of the
 * budget, from which its time is subtracted, and 256 MiB of memory more than this process has; a file may have 32 MiB.
 *
 * Fails with ETIMEDOUT where the task exceeds the time, EFBIG where a file becomes larger, and ENOTRECOVERABLE where
 * any other signal ended it, all for `function`, and with the errno of fork(2) and its kind. The task must not lock
 * what another thread may hold, but for the allocator, which fork(2) of the C library keeps usable.
 */
Status try_in_child(const char* function, std::chrono::microseconds& budget, const std::function<void()>& task);

}  // namespace seccomp_node
