// The calls of a recording, in the table that is shared with the process that records.
#pragma once

#include <cstdint>

#include "call.h"
#include "recording_table.h"
#include "table.h"

namespace seccomp_node {

class RecordedCalls {
 public:
  RecordedCalls(Table& table, RecordingPart& part);

  /** Bits such as kForks, for a call that the orders describe. */
  [[nodiscard]] std::uint32_t kind_of(const Call& call) const;

  /** Counts a call. Returns its entry, from 1, or 0 if the table is full; sets `is_new` for the first of its kind. */
  std::uint32_t count(const Call& call, std::uint32_t program, bool& is_new);

  /** Counts a call that failed with ENOSYS. */
  void count_unavailable(std::uint32_t entry);

  [[nodiscard]] RecordedEntry* entries() const { return entries_; }
  [[nodiscard]] std::uint32_t size() const { return table_.header.entries; }

 private:
  [[nodiscard]] std::uint32_t find(const RecordedEntry& sought) const;
  std::uint32_t insert(const RecordedEntry& made);
  [[nodiscard]] std::uint16_t& variants_of(const RecordedEntry& entry) const;

  Table& table_;
  RecordingPart& part_;
  RecordedEntry* entries_;
  /** By hash: the number of an entry, from 1. */
  std::uint32_t* buckets_;
  /** The number of entries of a call of a program that differ in arguments, by hash. */
  std::uint16_t* variants_;
};

}  // namespace seccomp_node
