#include "ring_emulation.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "descriptor.h"
#include "raw_syscall.h"

namespace seccomp_node {

namespace {

/** The offsets of the fields of a ring, which differ between kernels but not between rings. */
struct Layout {
  io_sqring_offsets sq;
  io_cqring_offsets cq;
};

// The data of the handler, which may run on any thread at any time, so it is never freed.

Layout layout{};
std::atomic<bool> prepared{false};
/** Grows with each load: knowledge about a descriptor from before the last load may be about another ring. */
std::atomic<std::uint32_t> generation{0};

constexpr std::uint32_t kMaxRingEntries = 32768;
constexpr std::size_t kMaxRings = 4096;
constexpr std::int32_t kNone = -1;

/** The memory of a ring, mapped a second time. */
class Ring {
 public:
  /** Whether this entry is for the descriptor; claims a free one. */
  bool claim(std::int32_t descriptor) {
    auto owner = kNone;
    return descriptor_.compare_exchange_strong(owner, descriptor) || owner == descriptor;
  }

  /** Maps the ring unless it was mapped since the last load. Called by the thread that enters the ring. */
  long map(std::int32_t descriptor) {
    const auto current = generation.load();
    if (generation_ == current) return 0;
    unmap();
    const auto failed = map_new(descriptor);
    if (failed == 0) {
      generation_ = current;
    } else {
      unmap();
    }
    return failed;
  }

  long submit(std::uint32_t wanted) {
    settle();
    auto head = word(layout.sq.head).load(std::memory_order_relaxed);
    const auto tail = word(layout.sq.tail).load(std::memory_order_acquire);
    const auto count = std::min({wanted, tail - head, sq_mask_ + 1});
    for (std::uint32_t index = 0; index < count; index++) {
      io_uring_sqe operation{};
      std::memcpy(&operation, entries_ + (head & sq_mask_) * sizeof operation, sizeof operation);
      if (!complete(operation)) return index;
      word(layout.sq.head).store(++head, std::memory_order_release);
    }
    return count;
  }

 private:
  [[nodiscard]] std::atomic<std::uint32_t>& word(std::uint32_t offset) const {
    return *reinterpret_cast<std::atomic<std::uint32_t>*>(queues_ + offset);
  }

  /**
   * Waits until every operation has its completion; each operation of libuv gets one. While one is missing, the kernel
   * still works on operations from before the filter was loaded, and would write to the same place. The wait is
   * bounded, because the counters are in writable shared memory.
   */
  void settle() const {
    for (int tries = 0; tries < 10000; tries++) {
      const auto taken = word(layout.sq.head).load(std::memory_order_acquire);
      if (word(layout.cq.tail).load(std::memory_order_acquire) == taken) return;
      raw_syscall(SYS_sched_yield);
    }
  }

  static std::int32_t perform(const io_uring_sqe& operation) {
    const bool plain = operation.opcode == IORING_OP_EPOLL_CTL && operation.flags == 0;
    // The error of a ring with restrictions.
    if (!plain) return -EACCES;
    return static_cast<std::int32_t>(raw_syscall(SYS_epoll_ctl, operation.fd, static_cast<long>(operation.len),
                                                 static_cast<std::int32_t>(operation.off),
                                                 static_cast<long>(operation.addr)));
  }

  /** Performs an operation; false, without performing it, if there is no room for the completion. */
  bool complete(const io_uring_sqe& operation) {
    const auto tail = word(layout.cq.tail).load(std::memory_order_relaxed);
    if (tail - word(layout.cq.head).load(std::memory_order_acquire) > cq_mask_) return false;
    const io_uring_cqe completion{operation.user_data, perform(operation), 0};
    std::memcpy(queues_ + layout.cq.cqes + (tail & cq_mask_) * sizeof completion, &completion, sizeof completion);
    word(layout.cq.tail).store(tail + 1, std::memory_order_release);
    return true;
  }

  static std::byte* map_part(std::int32_t descriptor, std::size_t size, std::uint64_t offset) {
    const auto address = raw_syscall(SYS_mmap, 0, static_cast<long>(size), PROT_READ | PROT_WRITE,
                                     MAP_SHARED | MAP_POPULATE, descriptor, static_cast<long>(offset));
    // The last page of the address space holds errors.
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives addresses as numbers.
    return address < 0 && address > -4096 ? nullptr : reinterpret_cast<std::byte*>(address);
  }

  long map_new(std::int32_t descriptor) {
    queues_size_ = layout.cq.cqes;
    queues_ = map_part(descriptor, queues_size_, IORING_OFF_SQ_RING);
    if (queues_ == nullptr) return -EOPNOTSUPP;
    sq_mask_ = word(layout.sq.ring_mask).load();
    cq_mask_ = word(layout.cq.ring_mask).load();
    const auto valid = [](std::uint32_t mask, std::uint32_t most) { return mask < most && ((mask + 1) & mask) == 0; };
    if (!valid(sq_mask_, kMaxRingEntries) || !valid(cq_mask_, 2 * kMaxRingEntries)) return -EOPNOTSUPP;
    raw_syscall(SYS_munmap, reinterpret_cast<long>(queues_), static_cast<long>(queues_size_));
    queues_size_ = layout.cq.cqes + (cq_mask_ + std::size_t{1}) * sizeof(io_uring_cqe);
    queues_ = map_part(descriptor, queues_size_, IORING_OFF_SQ_RING);
    entries_size_ = (sq_mask_ + std::size_t{1}) * sizeof(io_uring_sqe);
    entries_ = map_part(descriptor, entries_size_, IORING_OFF_SQES);
    return queues_ == nullptr || entries_ == nullptr ? -EOPNOTSUPP : 0;
  }

  void unmap() {
    const auto drop = [](std::byte*& memory, std::size_t size) {
      if (memory != nullptr) raw_syscall(SYS_munmap, reinterpret_cast<long>(memory), static_cast<long>(size));
      memory = nullptr;
    };
    drop(queues_, queues_size_);
    drop(entries_, entries_size_);
    generation_ = 0;
  }

  std::atomic<std::int32_t> descriptor_{kNone};
  std::uint32_t generation_ = 0;
  /** The ring's masks when it was mapped: the copies in shared memory may change at any time. */
  std::uint32_t sq_mask_ = 0;
  std::uint32_t cq_mask_ = 0;
  std::byte* queues_ = nullptr;
  std::size_t queues_size_ = 0;
  std::byte* entries_ = nullptr;
  std::size_t entries_size_ = 0;
};

std::array<Ring, kMaxRings> rings;

/** The entry for a descriptor, by open addressing; a null pointer if all are used. */
Ring* find(std::int32_t descriptor) {
  for (std::size_t tries = 0; tries < rings.size(); tries++) {
    auto& ring = rings[(static_cast<std::size_t>(descriptor) + tries) % rings.size()];
    if (ring.claim(descriptor)) return &ring;
  }
  return nullptr;
}

Status learn_layout() {
  io_uring_params parameters{};
  const Descriptor ring(static_cast<int>(syscall(SYS_io_uring_setup, 1, &parameters)));
  if (!ring.valid()) return Failure{"io_uring_setup", errno};
  // Available since Linux 5.4; libuv uses rings from 5.13 on.
  if ((parameters.features & IORING_FEAT_SINGLE_MMAP) == 0) return Failure{"io_uring_setup", EOPNOTSUPP};
  layout = {parameters.sq_off, parameters.cq_off};
  return kDone;
}

}  // namespace

Status prepare_ring_emulation() {
  if (!prepared.load()) {
    if (const auto failed = learn_layout()) return failed;
    prepared.store(true);
  }
  generation.fetch_add(1);
  return kDone;
}

bool is_ring_wait(const std::array<std::uint64_t, 6>& arguments) {
  // The kernel reads the low 32 bits of the first four.
  return static_cast<std::uint32_t>(arguments[3]) == IORING_ENTER_GETEVENTS && arguments[4] == 0 && arguments[5] == 0;
}

long emulate_ring_enter(const std::array<std::uint64_t, 6>& arguments) {
  if (!prepared.load()) return -ENOSYS;
  const auto descriptor = static_cast<std::int32_t>(arguments[0]);
  if (descriptor < 0) return -EBADF;
  auto* ring = find(descriptor);
  if (ring == nullptr) return -ENOMEM;
  if (const auto failed = ring->map(descriptor)) return failed;
  return ring->submit(static_cast<std::uint32_t>(arguments[1]));
}

}  // namespace seccomp_node
