// Threads for calls that another process can block for any length of time.
#pragma once

#include <functional>

#include "result.h"

namespace seccomp_node {

/**
 * Runs a task on a detached thread: it does not keep this process from ending, and no signal handler of Node runs in
 * it. The task is destroyed on that thread, or on this one if the thread cannot be started.
 */
Status run_in_background(std::function<void()> task);

}  // namespace seccomp_node
