// The ring buffers, one for each processor, to which the kernel writes its records.
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>

namespace seccomp_node {

inline constexpr std::uint32_t kMaxProcessors = 4096;
inline constexpr std::uint64_t kSmallestRing = 64U << 10;

class Rings {
 public:
  Rings();

  /** Whether there was memory for it. */
  [[nodiscard]] bool valid() const { return rings_ != nullptr && scratch_ != nullptr; }

  [[nodiscard]] std::uint32_t count() const { return count_; }

  /** Adds the ring of the next processor, to which an event is to be written. */
  void add(int event) { rings_[count_++] = {nullptr, 0, 0, 0, event, kNever}; }

  /** Redirects another event of a processor to its ring. Returns 0 or an errno. */
  long redirect(int event, std::uint32_t index);

  /** Maps all rings, each as large as memory allows, up to a size. Returns 0 or an errno. */
  long map(std::uint64_t largest);

  /** Calls `take` with the header and the body of each record written so far, in chronological order. */
  template <typename Take>
  void drain(Take take) {
    update();
    std::uint64_t next = kNever;
    for (Ring* ring = earliest(next); ring != nullptr; ring = earliest(next)) {
      do {
        const auto* record = record_at(*ring);
        const auto header = *reinterpret_cast<const perf_event_header*>(record);
        take(header, record + sizeof header);
        ring->tail += header.size;
        ring->time = time_of_next(*ring);
      } while (ring->time <= next && ring->time != kNever);
      __atomic_store_n(&ring->page->data_tail, ring->tail, __ATOMIC_RELEASE);
    }
  }

 private:
  static constexpr std::uint64_t kNever = ~0UL;

  struct Ring {
    perf_event_mmap_page* page;
    std::uint64_t size;
    std::uint64_t head;
    std::uint64_t tail;
    int event;
    /** The time of the next record. */
    std::uint64_t time;
  };

  /** Reads up to the kernel's write position. */
  void update();

  /** The ring with the earliest record, null if there is none, and the time of the earliest one of the others. */
  [[nodiscard]] Ring* earliest(std::uint64_t& next) const;

  /** The next record, whole. */
  [[nodiscard]] const unsigned char* record_at(const Ring& ring) const;
  [[nodiscard]] std::uint64_t time_of_next(const Ring& ring) const;

  Ring* rings_;
  std::uint32_t count_ = 0;
  unsigned char* scratch_;
};

}  // namespace seccomp_node
