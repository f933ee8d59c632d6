// Passes refused calls out of a signal handler: a table of fixed size, without locks, in which every call is counted.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace seccomp_node {

/** A refused call, from siginfo_t and the saved registers. */
struct RefusedCall {
  /** AUDIT_ARCH_*. */
  std::uint32_t arch;
  std::uint32_t number;
  /** The errno of the call, positive. */
  std::uint32_t error;
  std::uint32_t thread_id;
  /** The instruction after the call. */
  std::uint64_t instruction_pointer;
  std::array<std::uint64_t, 6> args;
};

/** The kernel's name of a thread, zero-terminated: PR_GET_NAME. */
using ThreadName = std::array<char, 16>;

/** A report: a call, and the number of calls that it covers. */
struct Violation {
  RefusedCall call;
  std::string thread_name;
  /** The call itself and similar ones of the same thread at the same instruction. */
  std::uint32_t count;
};

class ViolationLog {
 public:
  /**
   * Records a call. Async-signal-safe, from any thread, wait-free without contention. A call that equals an entry that
   * has not been taken yet is counted there. If the part of the table for its instruction is full, it is counted with
   * another call of the same instruction, or as dropped. `name_of_thread` is only called for a new entry.
   */
  template <typename NameOfThread>
  void record(const RefusedCall& call, NameOfThread name_of_thread) {
    const Key key = key_of(call);
    if (count_again(key)) return;
    if (auto* slot = claim(key)) {
      publish(*slot, key, name_of_thread());
      return;
    }
    if (!count_with_others(key)) dropped_.fetch_add(1, std::memory_order_relaxed);
  }

  /** Removes and returns all calls, in their order. One thread at a time. */
  std::vector<Violation> take();

  /** The number of calls for which there was no room. */
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  /** Forgets everything. One thread at a time. */
  void clear();

 private:
  /** The site first, that is, the call without its arguments; then the arguments. */
  static constexpr std::size_t kSiteWords = 3;
  static constexpr std::size_t kKeyWords = kSiteWords + 6;
  static constexpr std::size_t kNameWords = 2;
  using Key = std::array<std::uint64_t, kKeyWords>;

  /**
   * Special values of the count. The high half of a slot's state is a generation, which grows with every claim: if the
   * state is unchanged after the words were read, they belong together.
   */
  static constexpr std::uint32_t kFree = 0;
  static constexpr std::uint32_t kWriting = 0xffffffff;

  struct Slot {
    std::atomic<std::uint64_t> state{0};
    std::atomic<std::uint64_t> order{0};
    std::array<std::atomic<std::uint64_t>, kKeyWords> key{};
    std::array<std::atomic<std::uint64_t>, kNameWords> name{};
  };

  static constexpr std::size_t kSlots = 1024;
  /** Slots that calls of one site may use, so that a loop does not displace other calls. */
  static constexpr std::size_t kWindow = 16;

  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

  static Key key_of(const RefusedCall& call);
  Slot& slot_of(const Key& key, std::size_t index);
  bool count_again(const Key& key) { return count_where(key, kKeyWords); }
  bool count_with_others(const Key& key) { return count_where(key, kSiteWords); }
  bool count_where(const Key& key, std::size_t words);
  Slot* claim(const Key& key);
  void publish(Slot& slot, const Key& key, const ThreadName& name);

  std::array<Slot, kSlots> slots_{};
  std::atomic<std::uint64_t> next_order_{0};
  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace seccomp_node
