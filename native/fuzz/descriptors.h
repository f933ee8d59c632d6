// Ends a fuzzer's run on an input that leaks a descriptor.
#pragma once

#include <unistd.h>

#include "../core/descriptor.h"
#include "check.h"

namespace seccomp_node {

/** The lowest free descriptor: it rises if one leaks. */
inline int lowest_free() {
  const Descriptor lowest(dup(STDERR_FILENO));
  return lowest.number();
}

template <typename Run>
void check_descriptors(const Run& run) {
  const auto before = lowest_free();
  run();
  check(lowest_free() == before, "no descriptor is left");
}

}  // namespace seccomp_node
