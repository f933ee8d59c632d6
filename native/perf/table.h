// The input and output of the perf recorder: the layout of the memory that it shares with the process that started it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace seccomp_node {

// NOLINTBEGIN(modernize-avoid-c-arrays): the layout of memory that is shared with a program without a standard library.
/** What is recorded. */
enum class PerfTarget : std::uint32_t {
  /** The process whose ID the socket brings, from its next successful execve on, and its descendants. */
  kCommand,
  /** The processes in `process` and their descendants, including later ones. */
  kProcesses,
  /** The cgroup of kPerfCgroupDescriptor and its descendants. */
  kCgroup,
  /** Every process. */
  kAll,
};

/** The state of the recorder. */
enum class PerfState : std::uint32_t {
  kStarting,
  kRecording,
  /** It was stopped, or nothing is left to record. All records have been read. */
  kEnded,
  /** `step` failed with `error`. */
  kFailed,
};

/** What can fail. */
enum class PerfStep : std::uint32_t {
  kNone,
  /** Finding the number of the tracepoint in tracefs. */
  kTracepoint,
  /** perf_event_open(2). */
  kOpen,
  /** Memory for records. */
  kMemory,
  /** None of the targets exists any more. */
  kNoProcess,
};

inline constexpr std::uint32_t kPerfAbis = 5;
inline constexpr std::uint32_t kPerfNumbers = 1024;
inline constexpr std::uint32_t kPerfArguments = 6;
inline constexpr std::uint32_t kMaxPerfProcesses = 16384;
inline constexpr std::uint32_t kMaxPerfCalls = 16384;
inline constexpr std::uint32_t kMaxPerfValues = 131072;
inline constexpr std::uint32_t kMaxPerfPrograms = 1024;
/** One more than the number of values that a recording keeps for an argument. */
inline constexpr std::uint32_t kMaxPerfValuesOfArgument = 65;
/** An unknown program. */
inline constexpr std::uint32_t kUnknownPerfProgram = 0xffffffff;

/** Written before the recorder starts. */
struct PerfOrders {
  PerfTarget target;
  /** The number of processes in `process`. */
  std::uint32_t processes;
  /** A process whose own calls are not recorded; those of the recorder never are. */
  std::uint32_t excluded;
  std::uint32_t reserved;
  /** By ABI (x86_64, x86, x32, aarch64, arm), number and index: bits of an argument that is recorded, or 0. */
  std::uint8_t widths[kPerfAbis][kPerfNumbers][kPerfArguments];
  std::uint32_t process[kMaxPerfProcesses];
};

/** Only written by the recorder. Numbers of entries are written after the entries. */
struct PerfHeader {
  PerfState state;
  PerfStep step;
  std::uint32_t error;
  std::uint32_t calls;
  std::uint32_t values;
  std::uint32_t programs;
  /** Calls that were read. */
  std::uint64_t events;
  /** Records that the kernel could not store, and calls for which there was no room here. */
  std::uint64_t lost;
  /** Calls with numbers that no kernel serves. */
  std::uint64_t foreign;
  /** Programs with more privileges than the user who started them, which the kernel does not show. */
  std::uint64_t unseen;
  std::uint64_t reserved;
};

/** Similar calls: equal ABI, number and program. */
struct PerfCall {
  std::uint64_t count;
  /** For each recorded argument, the bits that were set in any call. */
  std::uint64_t bits[kPerfArguments];
  /** AUDIT_ARCH_*. */
  std::uint32_t arch;
  std::uint32_t number;
  std::uint32_t program;
  /** The number of stored values of each argument. */
  std::uint8_t values[kPerfArguments];
  /** A bit for each argument that has more values than are stored. */
  std::uint8_t more;
  std::uint8_t reserved[5];
};

/** A value of an argument of a call. */
struct PerfValue {
  std::uint64_t value;
  std::uint32_t call;
  std::uint32_t index;
};

/** The file of a program, NUL-terminated, truncated if it is too long. */
struct PerfProgram {
  char path[512];
};

struct PerfTable {
  PerfHeader header;
  PerfOrders orders;
  PerfCall calls[kMaxPerfCalls];
  PerfValue values[kMaxPerfValues];
  PerfProgram programs[kMaxPerfPrograms];
};

static_assert(sizeof(PerfHeader) == 64);
static_assert(offsetof(PerfTable, orders) == 64);
static_assert(offsetof(PerfOrders, widths) == 16);
static_assert(offsetof(PerfOrders, process) == 16 + 30720);
static_assert(offsetof(PerfTable, calls) == 64 + 16 + 30720 + 65536);
static_assert(sizeof(PerfCall) == 80);
static_assert(sizeof(PerfValue) == 16);

/** Descriptors of the recorder, after the standard ones. */
enum PerfDescriptor : int {
  kPerfImageDescriptor = 3,
  /** The memory. */
  kPerfTableDescriptor,
  /** A pipe that gets a byte when there is something new, and reaches its end when the recorder ends. */
  kPerfWakeDescriptor,
  /**
   * A socket: it brings an `int`, the process ID with kCommand or any number otherwise. The recorder sends back an
   * errno, or 0 once everything is recorded.
   */
  kPerfStartDescriptor,
  /** A pipe whose end stops the recorder. */
  kPerfStopDescriptor,
  /** The cgroup, with kCgroup. */
  kPerfCgroupDescriptor,
};

// NOLINTEND(modernize-avoid-c-arrays)

}  // namespace seccomp_node
