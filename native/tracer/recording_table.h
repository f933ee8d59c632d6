// The table of the recorder: the layout of the memory that it shares with the process that started it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "table.h"

namespace seccomp_node {

// NOLINTBEGIN(modernize-avoid-c-arrays): the layout of memory that is shared with a program without a standard library.

/** Calls of one ABI that the orders can describe. Calls with higher numbers have no arguments worth recording. */
inline constexpr std::uint32_t kCallKinds = 1024;
/** The native ABI, the 32-bit one, x32. */
inline constexpr std::uint32_t kAbis = 3;

/** Bits of a call kind. The lowest six say which arguments are recorded, the next six which of these have 64 bits. */
inline constexpr std::uint32_t kArguments = 0x3f;
inline constexpr std::uint32_t kWideShift = 6;
/** The call begins the second phase. */
inline constexpr std::uint32_t kBeginsPhase = 1U << 12;
/** The call always stops. */
inline constexpr std::uint32_t kAlwaysStops = 1U << 13;
/** The call starts a process or a thread. */
inline constexpr std::uint32_t kForks = 1U << 14;
/** Argument 0 has the flags of clone(2). */
inline constexpr std::uint32_t kIsClone = 1U << 15;
/** Argument 0 points to the flags. */
inline constexpr std::uint32_t kIsClone3 = 1U << 16;
inline constexpr std::uint32_t kIsPtrace = 1U << 17;
inline constexpr std::uint32_t kIsSeccomp = 1U << 18;
inline constexpr std::uint32_t kIsPrctl = 1U << 19;
/** PR_SET_SECCOMP, by which prctl(2) loads a filter. */
inline constexpr std::uint32_t kSetSeccomp = 22;

/** Equal calls: architecture, number, recorded arguments, program, phase. Stored in place of a TableEntry. */
struct RecordedEntry {
  std::uint64_t count;
  /** How many of them failed with ENOSYS. */
  std::uint64_t unavailable;
  /** The recorded arguments; the others are 0. */
  std::uint64_t args[6];
  std::uint32_t arch;
  std::uint32_t number;
  std::uint32_t phase;
  std::uint32_t program;
  std::uint32_t flags;
  std::uint32_t reserved[5];
};

/** A filter allows the call in some process: the count is a lower bound. */
inline constexpr std::uint32_t kUncounted = 1;
/** For calls with too many different arguments: the values are unknown. */
inline constexpr std::uint32_t kUnknownArguments = 2;

/** The offset of the RecordingPart in the memory that begins with the Table. */
inline constexpr std::size_t kRecordingOffset = 0x200000;

struct RecordingPart {
  /** Written before the start: whether there is a second phase. */
  std::uint32_t has_phases;
  /** 1 from the call on that begins the second phase. */
  std::uint32_t phase;
  /** The number of filters that the recorder loaded, under which known calls no longer stop. */
  std::uint32_t filters;
  std::uint32_t reserved[13];
  /** Written before the start. */
  std::uint32_t kinds[kAbis][kCallKinds];
  /** By program: 1 if other programs ran under a filter that allows the known calls of this one. */
  std::uint8_t inherited[kMaxPrograms];
};

inline constexpr std::size_t kTableSize = kRecordingOffset + sizeof(RecordingPart);

static_assert(sizeof(Table) <= kRecordingOffset);
static_assert(sizeof(RecordedEntry) == sizeof(TableEntry));

// NOLINTEND(modernize-avoid-c-arrays)

}  // namespace seccomp_node
