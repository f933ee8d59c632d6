// Ends a fuzzer's run on an input that violates a property.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace seccomp_node {

inline void check(bool holds, const char* what) {
  if (holds) return;
  static_cast<void>(std::fprintf(stderr, "does not hold: %s\n", what));
  std::abort();
}

}  // namespace seccomp_node
