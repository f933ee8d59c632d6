// Tries code that may not terminate in a copy of this process.
#pragma once

#include <chrono>
#include <functional>

#include "result.h"

namespace seccomp_node {

/**
 * Forks, runs the task in the child, and waits for it. The child may use as much processor time as the budget has left,
 * and 256 MiB more memory than this process; its files may have up to 32 MiB. Its time is subtracted from the budget.
 *
 * Fails in the name of `function` with ETIMEDOUT if the task exceeds the time, EFBIG if a file becomes too large, and
 * ENOTRECOVERABLE if any other signal ends it; or with the errno of fork(2) and the other calls made here. The task
 * must not take a lock that another thread may hold, except the allocator's, which fork(2) keeps usable.
 */
Status try_in_child(const char* function, std::chrono::microseconds& budget, const std::function<void()>& task);

}  // namespace seccomp_node
