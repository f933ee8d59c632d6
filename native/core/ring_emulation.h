// Serves libuv's calls to io_uring_enter(2) in user space, so that a filter can refuse the call without ending Node.
//
// libuv batches changes of its epoll set on a ring: it writes EPOLL_CTL operations into shared memory and makes them
// take effect by io_uring_enter, without which it aborts. A filter that answers this call with a TRAP leaves the kernel
// no way to take an operation off the ring (unless a kernel thread polls the ring). The SIGSYS handler then
// does here what the kernel would have done, by epoll_ctl(2), which the filter sees; operations of any other kind fail.
#pragma once

#include <array>
#include <cstdint>

#include "result.h"

namespace seccomp_node {

/**
 * Asks the kernel for the offsets of a ring's fields, and forgets which memory belongs to which descriptor, because
 * descriptors may have been closed and reused. Call it before each load of a filter that traps io_uring_enter.
 */
Status prepare_ring_emulation();

/** Whether libuv enters an unpolled ring with these arguments: it waits for as many operations as it submits. */
bool is_ring_wait(const std::array<std::uint64_t, 6>& arguments);

/**
 * What io_uring_enter would have answered: the number of operations taken from the ring, or a negative errno.
 * Async-signal-safe. A ring is entered by one thread at a time, as libuv does.
 */
long emulate_ring_enter(const std::array<std::uint64_t, 6>& arguments);

}  // namespace seccomp_node
