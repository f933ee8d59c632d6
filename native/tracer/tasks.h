// The threads that a recorder follows.
#pragma once

#include <cstddef>
#include <cstdint>

namespace seccomp_node {

/** The state of a thread. */
struct Task {
  int thread;
  /** Its thread group; 0 if it is unknown. */
  int process;
  /** An index of TableProgram, kUnknownProgram, or kNotLookedUp. */
  std::uint32_t program;
  /** The program whose known calls the recorder's filter allows, plus 1. 0 while the thread has no such filter, and so
   * stops at every call. */
  std::uint32_t filter;
  /** The value of `filter` at the entry of its last call that starts a process, which inherits that filter. */
  std::uint32_t filter_of_child;
  /** The entry of its current call, plus 1; 0 for none. */
  std::uint32_t entry;
  /** For the first thread of a process: calls since the last new one, and the time of the first of them. */
  std::uint32_t quiet;
  std::uint64_t quiet_since;
  /** The index of a filter that is being loaded, plus 1; 0 for none. */
  std::uint32_t injection;
  /** Whether it is between the stops at entry and exit of a call. */
  bool in_call;
  /** The process loads its own filter, or loading one failed: the recorder loads none, and it stops at every call. */
  bool left_alone;
  /** Whether it waits at the entry of a call until its process has the filter. */
  bool held;
  /** The next one with the same hash, plus 1. */
  std::uint32_t next;
};

inline constexpr std::uint32_t kNotLookedUp = 0xfffffffd;

/** Threads by their numbers, in memory of a fixed size. */
class Tasks {
 public:
  static constexpr std::uint32_t kCapacity = 1U << 16;

  /** Zeroed memory, for `kCapacity` of each. */
  Tasks(Task* tasks, std::uint32_t* heads) : tasks_(tasks), heads_(heads) {}

  [[nodiscard]] Task* find(int thread) const {
    for (std::uint32_t at = heads_[bucket(thread)]; at != 0; at = tasks_[at - 1].next) {
      if (tasks_[at - 1].thread == thread) return &tasks_[at - 1];
    }
    return nullptr;
  }

  /** A new thread; null if there is no room. */
  Task* add(int thread) {
    std::uint32_t at = free_;
    if (at != 0) {
      free_ = tasks_[at - 1].next;
    } else if (used_ < kCapacity) {
      at = ++used_;
    } else {
      return nullptr;
    }
    Task& task = tasks_[at - 1];
    task = {};
    task.thread = thread;
    task.program = kNotLookedUp;
    task.next = heads_[bucket(thread)];
    heads_[bucket(thread)] = at;
    return &task;
  }

  void remove(int thread) {
    for (std::uint32_t* link = &heads_[bucket(thread)]; *link != 0; link = &tasks_[*link - 1].next) {
      const std::uint32_t at = *link;
      Task& task = tasks_[at - 1];
      if (task.thread != thread) continue;
      *link = task.next;
      task.thread = 0;
      task.next = free_;
      free_ = at;
      return;
    }
  }

  /** Calls `act` with each thread of a process. */
  template <typename Act>
  void for_each_of(int process, Act act) {
    for (std::uint32_t at = 0; at < used_; ++at) {
      if (tasks_[at].thread != 0 && tasks_[at].process == process) act(tasks_[at]);
    }
  }

 private:
  static std::uint32_t bucket(int thread) { return static_cast<std::uint32_t>(thread) % kCapacity; }

  Task* tasks_;
  std::uint32_t* heads_;
  std::uint32_t used_ = 0;
  std::uint32_t free_ = 0;
};

}  // namespace seccomp_node
