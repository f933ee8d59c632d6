// Operations of a supervisor on a listener beyond libseccomp's API: receives calls without waiting, sends
// descriptors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "result.h"

namespace seccomp_node {

/** Words of 64 bits in a record: `struct seccomp_notif` as it is. */
inline constexpr std::size_t kNotificationWords = 10;

/** No call is pending, and none ever will be: no process is left under the filter. */
inline constexpr std::int32_t kEnded = -1;

/**
 * Receives pending calls without waiting, as many as there is room for. Returns the number of records that were filled,
 * or kEnded. With `ready`, the caller knows that a call is pending and that nobody else receives it: there is no poll.
 */
Result<std::int32_t> take_notifications(std::int32_t listener, std::span<std::uint64_t> records, bool ready);

/** Responds to a call: it returns `value`, or fails with `-error`, or is executed, depending on the flags. */
Status answer_call(std::int32_t listener, std::uint64_t id, std::int64_t value, std::int32_t error,
                   std::uint32_t flags);

/** The maximum number of pending descriptors of one listener. */
inline constexpr std::uint32_t kMaxGifts = 256;

/**
 * Sends the waiting caller a copy of a descriptor, which its call returns: in one step if the kernel can
 * (SECCOMP_ADDFD_FLAG_SEND, Linux 5.14), otherwise in two. If the kernel refuses, the call fails with that errno.
 *
 * The calling process itself installs the descriptor, and the kernel makes the supervisor wait for that. This takes
 * seconds if the caller arranges to get no processor time (SCHED_IDLE next to busy processes). So a thread waits, with
 * copies of both descriptors. A failure means that nothing was sent: EAGAIN if too many descriptors are pending.
 */
Status begin_answer_with_descriptor(std::int32_t listener, std::uint64_t id, std::int32_t descriptor,
                                    bool close_on_exec);

/** Makes caller and supervisor take turns on one processor: SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, Linux 6.6. */
Status wake_in_turn(std::int32_t listener);

/** Waits until one of two descriptors is readable or at its end: bit 0 for the first, bit 1 for the second. */
Result<std::uint32_t> wait_for_either(std::int32_t first, std::int32_t second);

}  // namespace seccomp_node
