#include "rings.h"

#include <linux/errno.h>

#include "../freestanding/files.h"
#include "../freestanding/memory.h"
#include "call.h"

namespace seccomp_node {

namespace {

constexpr std::size_t kLargestRecord = 65536;
constexpr std::uint64_t kAllRings = 64U << 20;

/** 4 KiB on x86_64, more on some arm64 machines. */
std::uint64_t page_size() {
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
  std::uint64_t entries[64]{};
  const File file = File::open("/proc/self/auxv");
  const auto size = file.valid() ? file.read(reinterpret_cast<char*>(entries), sizeof entries) : 0;
  constexpr std::uint64_t kAuxPageSize = 6;
  for (std::size_t index = 0; index + 1 < size / sizeof *entries; index += 2) {
    if (entries[index] == kAuxPageSize) return entries[index + 1];
  }
  return 4096;
}

}  // namespace

Rings::Rings() : rings_(allocate<Ring>(kMaxProcessors)), scratch_(allocate<unsigned char>(kLargestRecord)) {}

long Rings::redirect(int event, std::uint32_t index) {
  const long error = system_call(SYS_ioctl, event, PERF_EVENT_IOC_SET_OUTPUT, rings_[index].event);
  return error < 0 ? -error : 0;
}

long Rings::map(std::uint64_t largest) {
  std::uint64_t size = largest;
  while (size > kSmallestRing && size * count_ > kAllRings) size /= 2;
  for (std::uint32_t index = 0; index < count_; ++index) {
    auto& ring = rings_[index];
    for (;;) {
      const long mapped = system_call(SYS_mmap, 0, static_cast<long>(page_size() + size), PROT_READ | PROT_WRITE,
                                      MAP_SHARED, ring.event, 0);
      if (mapped > 0 || mapped < -4095) {
        // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives addresses as numbers.
        ring.page = reinterpret_cast<perf_event_mmap_page*>(mapped);
        ring.size = size;
        break;
      }
      // Without CAP_IPC_LOCK, memory is limited.
      if (size <= kSmallestRing) return -mapped;
      size /= 2;
    }
  }
  return 0;
}

void Rings::update() {
  for (std::uint32_t index = 0; index < count_; ++index) {
    auto& ring = rings_[index];
    if (ring.page == nullptr) continue;
    ring.head = __atomic_load_n(&ring.page->data_head, __ATOMIC_ACQUIRE);
    ring.time = time_of_next(ring);
  }
}

Rings::Ring* Rings::earliest(std::uint64_t& next) const {
  Ring* found = nullptr;
  next = kNever;
  for (std::uint32_t index = 0; index < count_; ++index) {
    auto& ring = rings_[index];
    if (ring.time == kNever) continue;
    if (found == nullptr || ring.time < found->time) {
      if (found != nullptr) next = found->time;
      found = &ring;
    } else if (ring.time < next) {
      next = ring.time;
    }
  }
  return found;
}

const unsigned char* Rings::record_at(const Ring& ring) const {
  const auto* data = reinterpret_cast<const unsigned char*>(ring.page) + ring.page->data_offset;
  const std::uint64_t start = ring.tail & (ring.size - 1);
  const auto size = reinterpret_cast<const perf_event_header*>(data + start)->size;
  if (start + size <= ring.size) return data + start;
  for (std::size_t at = 0; at < size; ++at) scratch_[at] = data[(start + at) & (ring.size - 1)];
  return scratch_;
}

std::uint64_t Rings::time_of_next(const Ring& ring) const {
  if (ring.tail == ring.head) return kNever;
  const auto* record = record_at(ring);
  const auto header = read_at<perf_event_header>(record);
  const std::size_t place = header.type == PERF_RECORD_SAMPLE ? 16 : header.size - sizeof(std::uint64_t);
  // kNever is reserved for a ring without a record.
  const auto time = read_at<std::uint64_t>(record + place);
  return time == kNever ? kNever - 1 : time;
}

}  // namespace seccomp_node
