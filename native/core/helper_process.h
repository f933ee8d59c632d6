// A short-lived process that shares this one's memory: its kernel resources are released when it ends, in any case.
#pragma once

#include <cstdint>

#include "result.h"

namespace seccomp_node {

/** Which descriptors a helper has. */
enum class HelperDescriptors : std::uint8_t {
  /** Those of this process: what the helper opens and closes, this process opens and closes. */
  kShared,
  /** Only one. A helper that outlives this process keeps no other open. */
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
 * Runs a task in a process of its own while the calling thread waits, for `limit` milliseconds at most: then it is
 * killed, wherever it is, and the failure is ETIMEDOUT. The task must neither allocate memory nor take a lock, since it
 * may end in the middle of anything. A helper that the kernel cannot kill, because it waits for a file system that does
 * not answer, makes the calling thread wait longer; it does not keep this process from ending.
 */
Status run_in_helper(void (*task)(void* argument), void* argument, const HelperOptions& options);

}  // namespace seccomp_node
