// Loads a filter into a traced process, by calls that one of its threads makes in place of its own.
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

  /** Begins at the call that a thread enters. Returns whether it could. */
  bool begin(Task& task);

  /** Continues after a stop of a thread that makes these calls. Returns whether that was the last one. */
  bool go_on(Task& task);

  /** Abandons the load, because the thread has ended or runs another program. */
  void forget(Task& task);

  /** Whether a thread of a process is loading a filter. */
  [[nodiscard]] bool is_in(int process) const;

 private:
  enum class Step : std::uint8_t { kNone, kMap, kLoadEntry, kLoad, kUnmapEntry, kUnmap };

  /** A filter that is being loaded. */
  struct Injection {
    int thread;
    Step step;
    /** Whether the kernel accepted the filter. */
    bool loaded;
    /** The registers of the thread at the entry of its call. */
    std::uint64_t signal_mask;
    Registers registers;
    std::uint64_t address;
  };

  static constexpr std::uint32_t kInjections = 64;

  void mapped(Task& task, Injection& injection);
  void loaded(Task& task, Injection& injection);
  /** Restores the call of the thread. */
  void end(Task& task, Injection& injection);
  /** Writes the argument of seccomp(2) into the memory of the thread. */
  void write_filter(const Task& task, const Injection& injection);

  Tasks& tasks_;
  RecordedCalls& calls_;
  RecordingPart& part_;
  Injection* injections_;
  PassFilter* filter_;
};

}  // namespace seccomp_node
