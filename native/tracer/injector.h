// Puts a filter into a process, by calls that one of its threads makes in place of its own.
#pragma once

#include <cstdint>

#include "pass_filter.h"
#include "recorded_calls.h"
#include "recording_table.h"
#include "registers.h"
#include "tasks.h"

namespace seccomp_node {

class Injector {
 public:
  Injector(Tasks& tasks, RecordedCalls& calls, RecordingPart& part);

  /** Begins in place of the call that a thread enters: whether it does. */
  bool begin(Task& task);

  /** Goes on after a stop of a thread whose calls are these: whether that was the last one. */
  bool go_on(Task& task);

  /** The thread has ended, or runs another program. */
  void forget(Task& task);

  /** Whether a thread of a process is at it. */
  [[nodiscard]] bool is_in(int process) const;

 private:
  enum class Step : std::uint8_t { kNone, kMap, kLoadEntry, kLoad, kUnmapEntry, kUnmap };

  /** A filter on its way into a process. */
  struct Injection {
    int thread;
    Step step;
    /** Whether the kernel took the filter. */
    bool loaded;
    /** Of the thread, as they were at the entry of its call. */
    std::uint64_t signal_mask;
    Registers registers;
    std::uint64_t address;
  };

  static constexpr std::uint32_t kInjections = 64;

  void mapped(Task& task, Injection& injection);
  void loaded(Task& task, Injection& injection);
  /** Lets the thread make its own call, as if nothing had been. */
  void end(Task& task, Injection& injection);
  /** Writes the argument of seccomp(2) to where the thread can read it. */
  void write_filter(const Task& task, const Injection& injection);

  Tasks& tasks_;
  RecordedCalls& calls_;
  RecordingPart& part_;
  Injection* injections_;
  PassFilter* filter_;
};

}  // namespace seccomp_node
