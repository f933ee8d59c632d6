// A short-lived process that shares this one's memory: the kernel releases its resources however it ends.
#pragma once

#include <cstdint>

#include "result.h"

namespace seccomp_node {

/** Which descriptors a helper has. */
enum class HelperDescriptors : std::uint8_t {
  /** It shares the table of this process: what it opens and closes is opened and closed here too. */
  kShared,
  /** It has only one descriptor, so it keeps no other open if it outlives this process. */
  kOnlyOne,
};

/** For a task that never blocks. */
inline constexpr std::uint32_t kNoLimit = 0xffffffff;

/** How a helper is started. */
struct HelperOptions {
  /** Milliseconds until the helper is killed, or kNoLimit. */
  std::uint32_t limit;
  HelperDescriptors descriptors = HelperDescriptors::kShared;
  /** The only descriptor of a helper with kOnlyOne, -1 for none. */
  std::int32_t kept = -1;
};

/**
 * Runs a task in a separate process while the calling thread waits. After `limit` milliseconds the helper is killed,
 * and the call fails with ETIMEDOUT. The task must neither allocate memory nor take a lock, because it can be killed at
 * any point. If the kernel cannot kill the helper, because a file system does not respond, the calling thread waits
 * longer, but this process can still exit.
 */
Status run_in_helper(void (*task)(void* argument), void* argument, const HelperOptions& options);

}  // namespace seccomp_node
