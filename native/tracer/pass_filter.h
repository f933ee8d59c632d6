// The filter that allows known calls, and stops for the tracer at all others.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstddef>
#include <cstdint>

#include "../freestanding/native_arch.h"
#include "recording_table.h"

namespace seccomp_node {

/** The maximum number of instructions of a filter; the kernel accepts 4096. */
inline constexpr std::uint32_t kMaxPassInstructions = 3500;

/** Memory in which a filter is built. */
struct PassFilter {
  // NOLINTBEGIN(modernize-avoid-c-arrays): there is no standard library.
  sock_filter instructions[kMaxPassInstructions + 128];
  std::uint32_t length;
  std::uint64_t counts[kCallKinds];
  std::uint16_t numbers[kCallKinds];
  // NOLINTEND(modernize-avoid-c-arrays)
};

/** Builds the filter for one program in one phase, from the entries of its native calls. */
class PassFilterBuilder {
 public:
  PassFilterBuilder(PassFilter& filter, const std::uint32_t (&kinds)[kCallKinds])  // NOLINT(modernize-avoid-c-arrays)
      : filter_(filter), kinds_(kinds) {}

  void build(RecordedEntry* entries, std::uint32_t count, std::uint32_t program, std::uint32_t phase) {
    const auto passes = [&](const RecordedEntry& entry) {
      return entry.arch == kNativeArch && entry.number < kCallKinds && entry.program == program &&
             entry.phase == phase && (entry.flags & kUnknownArguments) == 0 &&
             (kinds_[entry.number] & kAlwaysStops) == 0 &&
             ((kinds_[entry.number] & kIsPrctl) == 0 || entry.args[0] != kSetSeccomp) &&
             // A call that always failed with ENOSYS still stops: on success it would be new.
             entry.unavailable < entry.count;
    };
    filter_.length = 0;
    for (auto& sum : filter_.counts) sum = 0;
    for (std::uint32_t index = 0; index < count; ++index) {
      if (passes(entries[index])) filter_.counts[entries[index].number] += entries[index].count;
    }
    const std::uint32_t numbers = sort_numbers();
    load(offsetof(seccomp_data, arch));
    add(BPF_JMP | BPF_JEQ | BPF_K, kNativeArch, 1, 0);
    add(BPF_RET | BPF_K, kStop);
    load(offsetof(seccomp_data, nr));
    for (std::uint32_t at = 0; at < numbers && filter_.length <= kMaxPassInstructions; ++at) {
      const std::uint32_t number = filter_.numbers[at];
      if ((kinds_[number] & kArguments) == 0) {
        add(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
        add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        mark(entries, count, number, passes);
        continue;
      }
      add(BPF_JMP | BPF_JEQ | BPF_K, number, 1, 0);
      const std::uint32_t jump = filter_.length;
      add(BPF_JMP | BPF_JA, 0);
      for (std::uint32_t index = 0; index < count; ++index) {
        auto& entry = entries[index];
        if (entry.number != number || !passes(entry) || filter_.length > kMaxPassInstructions) continue;
        compare(entry, kinds_[number]);
        entry.flags |= kUncounted;
      }
      add(BPF_RET | BPF_K, kStop);
      filter_.instructions[jump].k = filter_.length - jump - 1;
    }
    add(BPF_RET | BPF_K, kStop);
  }

 private:
  static constexpr std::uint32_t kStop = SECCOMP_RET_TRACE | 1;

  void add(unsigned code, std::uint32_t k, std::uint8_t if_true = 0, std::uint8_t if_false = 0) {
    filter_.instructions[filter_.length++] = {static_cast<std::uint16_t>(code), if_true, if_false, k};
  }

  void load(std::size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }

  /** The numbers with a count, the most frequent first. */
  std::uint32_t sort_numbers() {
    std::uint32_t used = 0;
    for (std::uint32_t number = 0; number < kCallKinds; ++number) {
      if (filter_.counts[number] == 0) continue;
      std::uint32_t at = used++;
      for (; at > 0 && filter_.counts[filter_.numbers[at - 1]] < filter_.counts[number]; --at) {
        filter_.numbers[at] = filter_.numbers[at - 1];
      }
      filter_.numbers[at] = static_cast<std::uint16_t>(number);
    }
    return used;
  }

  template <typename Passes>
  static void mark(RecordedEntry* entries, std::uint32_t count, std::uint32_t number, Passes passes) {
    for (std::uint32_t index = 0; index < count; ++index) {
      if (entries[index].number == number && passes(entries[index])) entries[index].flags |= kUncounted;
    }
  }

  /** Allows a call with the arguments of an entry; other calls continue after it. */
  void compare(const RecordedEntry& entry, std::uint32_t kind) {
    constexpr std::uint32_t kHalf = 2;
    std::uint32_t halves = 0;
    for (std::uint32_t index = 0; index < 6; ++index) {
      if ((kind >> index & 1) != 0) halves += (kind >> (index + kWideShift) & 1) != 0 ? 2 : 1;
    }
    std::uint32_t left = halves * kHalf;
    const auto equal = [&](std::size_t offset, std::uint32_t value) {
      left -= kHalf;
      load(offset);
      add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, static_cast<std::uint8_t>(left + 1));
    };
    for (std::uint32_t index = 0; index < 6; ++index) {
      if ((kind >> index & 1) == 0) continue;
      // All supported architectures are little-endian.
      const std::size_t offset = offsetof(seccomp_data, args) + index * sizeof(std::uint64_t);
      equal(offset, static_cast<std::uint32_t>(entry.args[index]));
      if ((kind >> (index + kWideShift) & 1) == 0) continue;
      equal(offset + sizeof(std::uint32_t), static_cast<std::uint32_t>(entry.args[index] >> 32));
    }
    add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  }

  PassFilter& filter_;
  const std::uint32_t (&kinds_)[kCallKinds];  // NOLINT(modernize-avoid-c-arrays): there is no standard library.
};

}  // namespace seccomp_node
