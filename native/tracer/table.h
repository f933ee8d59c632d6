// The table of the tracer: the layout of the memory that it shares with the process that started it.
#pragma once

#include <linux/bpf_common.h>

#include <cstddef>
#include <cstdint>

namespace seccomp_node {

// NOLINTBEGIN(modernize-avoid-c-arrays): the layout of memory that is shared with a program without a standard library.
/** The state of the tracer. */
enum class TracerState : std::uint32_t {
  kWaiting,
  kTracing,
  /** No process is left to trace. */
  kEnded,
  /** ptrace(2) failed with `error`. */
  kFailed,
  /** A process tried to trace a traced process; all were killed. See `request`, `thread`, `program`. */
  kContended,
};

/** Only written by the tracer. Numbers of entries and programs are written after the entries and programs. */
struct TableHeader {
  std::uint32_t entries;
  std::uint32_t programs;
  TracerState state;
  std::uint32_t error;
  /** The number of traced threads. */
  std::uint32_t running;
  /** The ptrace(2) request that failed, its thread and program. */
  std::uint32_t request;
  std::uint32_t thread;
  std::uint32_t program;
  /** The number of stopped calls. */
  std::uint64_t stops;
  /** The number of those without an entry, because there was no room. */
  std::uint64_t lost;
  /** Written by the other process: the phase of later calls. */
  std::uint32_t phase;
  /** Written before the start: the number of instructions of `program`, for a tracer of a running process. */
  std::uint32_t instructions;
  /** Written before the start: 1 to record calls (see recording_table.h), 0 to report the calls at which a filter
   * stops. */
  std::uint32_t records;
  std::uint32_t unused;
};

/** The kind of thread that makes a call, in a process that was attached to; kUnknown for a command. */
enum class Origin : std::uint32_t {
  kUnknown,
  kMainThread,
  /** A thread with its own event loop. */
  kWorker,
  /** Any other thread. */
  kPool,
  /** A child process. */
  kChild,
};

/** The phase is above the bits of an Origin. */
inline constexpr std::uint32_t kPhaseShift = 8;
/** No phase: calls are not recorded. */
inline constexpr std::uint32_t kMuted = 0xffffff;

/**
 * Equal calls: architecture, number, data of SECCOMP_RET_TRACE, program and origin. The other fields are those of the
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

/** The file of a program, NUL-terminated, truncated if it is too long. */
struct TableProgram {
  char path[512];
};

inline constexpr std::uint32_t kMaxEntries = 8192;
inline constexpr std::uint32_t kMaxPrograms = 1024;

/** Special programs: the launcher, before it executes the command, and unknown ones. */
inline constexpr std::uint32_t kStarting = 0xffffffff;
inline constexpr std::uint32_t kUnknownProgram = 0xfffffffe;

struct Table {
  TableHeader header;
  TableEntry entries[kMaxEntries];
  TableProgram programs[kMaxPrograms];
  /** struct sock_filter, if the tracer runs the filter at every call: the kernel then has no filter. */
  std::uint64_t program[BPF_MAXINSNS];
};

static_assert(sizeof(TableHeader) == 64);
static_assert(sizeof(TableEntry) == 104);

/** Data of SECCOMP_RET_TRACE with a special meaning. The bits below belong to the author of the filter. */
inline constexpr std::uint32_t kLookAtPtrace = 0x8000;
inline constexpr std::uint32_t kLookAtClone = 0x4000;
/** Without bits below: the call is not recorded. */
inline constexpr std::uint32_t kDataMask = 0x3fff;

/** Descriptors of the tracer, after the standard ones. */
enum TracerDescriptor : int {
  kImageDescriptor = 3,
  /** The memory. */
  kTableDescriptor,
  /** A pipe that gets a byte when the table changes, and reaches its end when the tracer ends. */
  kWakeDescriptor,
  /**
   * A socket: it brings the ID of the process to trace as an `int`, negated for a running process with all its
   * threads. The tracer sends back an errno, or 0 once the process is traced.
   */
  kTraceeDescriptor,
  /** A pipe whose end stops a tracer of a running process. */
  kStoppedDescriptor,
};

// NOLINTEND(modernize-avoid-c-arrays)

}  // namespace seccomp_node
