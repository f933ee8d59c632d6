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

/** No call waits, and none ever will: no process is left under the filter. */
inline constexpr std::int32_t kEnded = -1;

/**
 * Takes what waits, never waiting itself, as many as there is room for. Gives the number of records that were filled,
 * or kEnded. With `ready`, the caller knows that one waits and that nobody else takes it: it is not looked for first.
 */
Result<std::int32_t> take_notifications(std::int32_t listener, std::span<std::uint64_t> records, bool ready);

/** Responds to a call: it returns `value`, or fails with `-error`, or is executed, depending on the flags. */
Status answer_call(std::int32_t listener, std::uint64_t id, std::int64_t value, std::int32_t error,
                   std::uint32_t flags);

/** The maximum number of pending descriptors of one listener. */
inline constexpr std::uint32_t kMaxGifts = 256;

/**
 * Gives the caller that waits a copy of a descriptor, which is what its call returns, as one step where the kernel can
 * (SECCOMP_ADDFD_FLAG_SEND, Linux 5.14), otherwise as two. Where the kernel refuses it, the call fails with its errno.
 *
 * The caller itself puts the descriptor into its table, and the kernel has the supervisor wait for that, for seconds
 * where the caller has arranged to be given no processor (SCHED_IDLE among others that run). So a thread does it, with
 * copies of both descriptors. A failure means that it was not begun: EAGAIN where too many have not arrived.
 */
Status begin_answer_with_descriptor(std::int32_t listener, std::uint64_t id, std::int32_t descriptor,
                                    bool close_on_exec);

/** Makes caller and supervisor take turns on one processor: SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, Linux 6.6. */
Status wake_in_turn(std::int32_t listener);

/** Waits until one of two descriptors is readable or at its end: bit 0 for the first, bit 1 for the second. */
Result<std::uint32_t> wait_for_either(std::int32_t first, std::int32_t second);

}  // namespace seccomp_node
