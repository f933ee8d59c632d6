// Finds the io_uring rings that this process has open.
#pragma once

#include <cstdint>
#include <vector>

#include "result.h"

namespace seccomp_node {

/** Their descriptors, ascending, as /proc/self/fd tells. */
Result<std::vector<std::int32_t>> open_rings();

}  // namespace seccomp_node
