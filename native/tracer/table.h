// What the tracer writes down: the layout of the memory that it shares with the process which started it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace seccomp_node {

// NOLINTBEGIN(modernize-avoid-c-arrays): the layout of memory that is shared with a program without a standard library.
/** Where the tracer is. */
enum class TracerState : std::uint32_t {
  kWaiting,
  kTracing,
  /** Nothing is left to trace. */
  kEnded,
  /** ptrace(2) did not work; `error` says why. */
  kFailed,
  /** A process wanted to trace one that is traced already; all of them were killed. See `request`, `thread`, `program`.
   */
  kContended,
};

/** Written by the tracer alone. Numbers of entries and programs are written after what they count. */
struct TableHeader {
  std::uint32_t entries;
  std::uint32_t programs;
  TracerState state;
  std::uint32_t error;
  /** The number of traced threads. */
  std::uint32_t running;
  /** The ptrace(2) request that failed, by whom. */
  std::uint32_t request;
  std::uint32_t thread;
  std::uint32_t program;
  /** Calls that were stopped for. */
  std::uint64_t stops;
  /** Of those, the ones without an entry, because there was no room. */
  std::uint64_t lost;
  /** Written by the other side: what calls belong to from now on, and how many instructions `program` has. */
  std::uint32_t phase;
  std::uint32_t instructions;
  /** Written before the start: 1 to record calls, as recording_table.h describes it, 0 to report those that a filter
   * stops at. */
  std::uint32_t records;
  std::uint32_t unused;
};

/** Which threads of a process that ran already a call is of; kUntold for a command that was started. */
enum class Origin : std::uint32_t {
  kUntold,
  kMainThread,
  /** One with an event loop of its own. */
  kWorker,
  /** Any other thread. */
  kPool,
  /** A process that it has started. */
  kChild,
};

/** The phase is above the bits of an Origin. */
inline constexpr std::uint32_t kPhaseShift = 8;
/** No phase: calls are not written down. */
inline constexpr std::uint32_t kMuted = 0xffffff;

/**
 * Calls that are alike: equal architecture, number, data of SECCOMP_RET_TRACE, program and origin. The rest is of the
 * first.
 */
struct TableEntry {
  std::uint64_t count;
  std::uint64_t instruction_pointer;
  std::uint64_t args[6];
  std::uint32_t arch;
  std::uint32_t number;
  std::uint32_t data;
  std::uint32_t program;
  std::uint32_t thread;
  char name[16];
  /** An Origin and a phase. */
  std::uint32_t origin;
};

/** The file of a program, ended by a NUL and cut where it is too long. */
struct TableProgram {
  char path[512];
};

inline constexpr std::uint32_t kMaxEntries = 8192;
inline constexpr std::uint32_t kMaxPrograms = 1024;
inline constexpr std::uint32_t kMaxInstructions = 4096;

/** Programs that are none: the launcher, before it has become the command, and those that cannot be told. */
inline constexpr std::uint32_t kStarting = 0xffffffff;
inline constexpr std::uint32_t kUnknownProgram = 0xfffffffe;

struct Table {
  TableHeader header;
  TableEntry entries[kMaxEntries];
  TableProgram programs[kMaxPrograms];
  /** Of struct sock_filter, where the tracer is to run the filter at every call: that of the kernel is not loaded then.
   */
  std::uint64_t program[kMaxInstructions];
};

static_assert(sizeof(TableHeader) == 64);
static_assert(sizeof(TableEntry) == 104);

/** Data of SECCOMP_RET_TRACE that ask for more than an entry. The bits below them belong to whoever made the filter. */
inline constexpr std::uint32_t kLookAtPtrace = 0x8000;
inline constexpr std::uint32_t kLookAtClone = 0x4000;
/** With no bit below: the call is not written down. */
inline constexpr std::uint32_t kDataMask = 0x3fff;

/** Descriptors of the tracer, behind the standard ones. */
enum TracerDescriptor : int {
  kImageDescriptor = 3,
  /** The memory. */
  kTableDescriptor,
  /** A pipe that gets a byte when there is something new, and is at its end when the tracer is. */
  kWakeDescriptor,
  /**
   * A socket: brings the process to trace as an `int`, negated where it runs already with all its threads; an errno
   * goes back, 0 once it is traced.
   */
  kTraceeDescriptor,
};

// NOLINTEND(modernize-avoid-c-arrays)

}  // namespace seccomp_node
