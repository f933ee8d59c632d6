// The hash of numbers in the tables of the perf recorder.
#pragma once

#include <cstdint>

namespace seccomp_node {

inline std::uint32_t hash_of(std::uint64_t value) {
  value *= 0x9e3779b97f4a7c15U;
  return static_cast<std::uint32_t>(value >> 32);
}

}  // namespace seccomp_node
