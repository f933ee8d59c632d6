// The summary of calls that is kept in shared memory.
#pragma once

#include <cstdint>

#include "call.h"
#include "table.h"

namespace seccomp_node {

class Summary {
 public:
  explicit Summary(PerfTable& table);

  /** Whether there was memory for it. */
  [[nodiscard]] bool valid() const { return call_buckets_ != nullptr && value_buckets_ != nullptr; }

  void add(const Call& call, std::uint32_t program);

  /** Counts records that were lost. */
  void lose(std::uint64_t records);

  /** The number of a program by its path. */
  std::uint32_t program(const char* path);

 private:
  std::uint32_t find(const Call& call, std::uint32_t program);
  void add_value(PerfCall& entry, std::uint32_t call, std::uint32_t index, std::uint64_t value);

  PerfTable& table_;
  /** By hash: the number of an entry, from 1. */
  std::uint32_t* call_buckets_;
  std::uint32_t* value_buckets_;
};

}  // namespace seccomp_node
