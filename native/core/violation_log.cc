#include "violation_log.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace seccomp_node {

namespace {

constexpr std::uint64_t pack(std::uint32_t high, std::uint32_t low) {
  return static_cast<std::uint64_t>(high) << 32U | low;
}
constexpr std::uint32_t high(std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32U); }
constexpr std::uint32_t low(std::uint64_t word) { return static_cast<std::uint32_t>(word); }

}  // namespace

ViolationLog::Key ViolationLog::key_of(const RefusedCall& call) {
  Key key{pack(call.arch, call.number), pack(call.error, call.thread_id), call.instruction_pointer};
  std::copy(call.args.begin(), call.args.end(), key.begin() + kSiteWords);
  return key;
}

/** One of the slots that the site of a call may use. */
ViolationLog::Slot& ViolationLog::slot_of(const Key& key, std::size_t index) {
  std::uint64_t hash = 0;
  for (std::size_t word = 0; word < kSiteWords; ++word) hash = (hash ^ key[word]) * 0x9e3779b97f4a7c15U;
  return slots_[((hash >> 32U) + index) % kSlots];
}

/** Counts the call in a slot that equals it in the first `words` words. */
bool ViolationLog::count_where(const Key& key, std::size_t words) {
  for (std::size_t index = 0; index < kWindow; ++index) {
    auto& slot = slot_of(key, index);
    auto state = slot.state.load(std::memory_order_acquire);
    while (low(state) != kFree && low(state) < kWriting - 1) {
      bool equal = true;
      for (std::size_t word = 0; equal && word < words; ++word) {
        equal = slot.key[word].load(std::memory_order_relaxed) == key[word];
      }
      if (!equal) break;
      std::atomic_thread_fence(std::memory_order_acquire);
      if (slot.state.compare_exchange_weak(state, state + 1, std::memory_order_acq_rel)) return true;
    }
  }
  return false;
}

/** A slot that this thread may write, or null if the site has no free one. */
ViolationLog::Slot* ViolationLog::claim(const Key& key) {
  for (std::size_t index = 0; index < kWindow; ++index) {
    auto& slot = slot_of(key, index);
    auto state = slot.state.load(std::memory_order_acquire);
    if (low(state) == kFree &&
        slot.state.compare_exchange_strong(state, pack(high(state) + 1, kWriting), std::memory_order_acq_rel)) {
      // Readers of the previous generation must not accept the words that follow.
      std::atomic_thread_fence(std::memory_order_release);
      return &slot;
    }
  }
  return nullptr;
}

void ViolationLog::publish(Slot& slot, const Key& key, const ThreadName& name) {
  for (std::size_t word = 0; word < kKeyWords; ++word) slot.key[word].store(key[word], std::memory_order_relaxed);
  const auto words = std::bit_cast<std::array<std::uint64_t, kNameWords>>(name);
  for (std::size_t word = 0; word < kNameWords; ++word) slot.name[word].store(words[word], std::memory_order_relaxed);
  slot.order.store(next_order_.fetch_add(1, std::memory_order_relaxed), std::memory_order_relaxed);
  slot.state.store(pack(high(slot.state.load(std::memory_order_relaxed)), 1), std::memory_order_release);
}

std::vector<Violation> ViolationLog::take() {
  std::vector<std::pair<std::uint64_t, Violation>> found;
  for (auto& slot : slots_) {
    auto state = slot.state.load(std::memory_order_acquire);
    if (low(state) == kFree || low(state) == kWriting) continue;
    Key key;
    for (std::size_t word = 0; word < kKeyWords; ++word) key[word] = slot.key[word].load(std::memory_order_relaxed);
    std::array<std::uint64_t, kNameWords> name;
    for (std::size_t word = 0; word < kNameWords; ++word) name[word] = slot.name[word].load(std::memory_order_relaxed);
    const auto order = slot.order.load(std::memory_order_relaxed);
    // Only the count can change until the slot is free.
    while (!slot.state.compare_exchange_weak(state, pack(high(state), kFree), std::memory_order_acq_rel)) {
    }
    RefusedCall call{high(key[0]), low(key[0]), high(key[1]), low(key[1]), key[2], {}};
    std::copy(key.begin() + kSiteWords, key.end(), call.args.begin());
    auto thread_name = std::bit_cast<ThreadName>(name);
    thread_name.back() = '\0';
    found.emplace_back(order, Violation{call, thread_name.data(), low(state)});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Violation> violations;
  violations.reserve(found.size());
  for (auto& [order, violation] : found) violations.push_back(std::move(violation));
  return violations;
}

void ViolationLog::clear() {
  take();
  dropped_.store(0, std::memory_order_relaxed);
}

}  // namespace seccomp_node
