// Reads the filters of a running thread back from the kernel, by ptrace(2).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "context.h"
#include "result.h"

namespace seccomp_node {

/** One layer, as it was passed to seccomp(2). */
struct LiveFilter {
  Bytes program;
  /** SECCOMP_FILTER_FLAG_* bits, of which only LOG is known; absent before Linux 4.16. */
  std::optional<std::uint32_t> flags;
};

/**
 * The layers of a thread, the oldest first. The thread is stopped meanwhile, and continues whether or not this fails.
 * After `limit` milliseconds the attempt fails with ETIMEDOUT. Exit statuses of this process's children are kept.
 */
Result<std::vector<LiveFilter>> read_filters(std::int32_t thread, std::uint32_t limit);

}  // namespace seccomp_node
