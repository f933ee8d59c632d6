// The threads that are already recorded.
#pragma once

#include <cstdint>

#include "../freestanding/memory.h"
#include "hash.h"

namespace seccomp_node {

class Threads {
 public:
  Threads() : numbers_(allocate<std::uint32_t>(kNumbers)) {}

  /** Whether there was memory for it. */
  [[nodiscard]] bool valid() const { return numbers_ != nullptr; }

  /** Adds a thread. Returns whether it is new. */
  bool add(std::uint32_t thread) {
    for (std::uint32_t hash = hash_of(thread), tries = 0; tries < kNumbers; ++hash, ++tries) {
      auto& number = numbers_[hash % kNumbers];
      if (number == thread) return false;
      if (number != 0) continue;
      number = thread;
      return true;
    }
    return false;
  }

 private:
  static constexpr std::uint32_t kNumbers = 1U << 17;
  std::uint32_t* numbers_;
};

}  // namespace seccomp_node
