#include "events.h"

#include <linux/errno.h>
#include <linux/resource.h>

#include "../freestanding/memory.h"
#include "../freestanding/system_call.h"
#include "call.h"
#include "table.h"

namespace seccomp_node {

namespace {

constexpr std::uint32_t kMaxEvents = 1U << 18;
/** PERF_FORMAT_LOST, since Linux 6.0. */
constexpr std::uint64_t kFormatLost = 1U << 4;

/** Raises the limit of open files: there is a descriptor for each thread and processor. */
void raise_limits() {
  constexpr std::uint64_t kMany = 1U << 20;
  // NOLINTBEGIN(modernize-avoid-c-arrays): there is no standard library.
  std::uint64_t limit[2] = {kMany, kMany};
  if (system_call(SYS_prlimit64, 0, RLIMIT_NOFILE, word(limit), 0) == 0) return;
  // NOLINTEND(modernize-avoid-c-arrays)
  if (system_call(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, word(limit)) < 0) return;
  limit[0] = limit[1];
  system_call(SYS_prlimit64, 0, RLIMIT_NOFILE, word(limit), 0);
}

}  // namespace

Events::Events(Rings& rings) : rings_(rings), descriptors_(allocate<pollfd>(kMaxEvents)) {}

void Events::prepare(std::uint64_t tracepoint, bool inherit, bool on_exec) {
  descriptors_[count_++] = {kPerfStopDescriptor, POLLIN, 0};
  raise_limits();
  attributes_.type = PERF_TYPE_TRACEPOINT;
  attributes_.size = sizeof attributes_;
  attributes_.config = tracepoint;
  attributes_.sample_period = 1;
  attributes_.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW | PERF_SAMPLE_REGS_USER;
  attributes_.sample_regs_user = kSampledRegisters;
  attributes_.read_format = kFormatLost;
  attributes_.disabled = 1;
  attributes_.inherit = inherit;
  attributes_.enable_on_exec = on_exec;
  attributes_.sample_id_all = 1;
  attributes_.comm = attributes_.comm_exec = attributes_.mmap = attributes_.task = 1;
  attributes_.watermark = 1;
  attributes_.wakeup_watermark = kSmallestRing / 2;
}

void Events::without_side_band() { attributes_.comm = attributes_.comm_exec = attributes_.mmap = attributes_.task = 0; }

long Events::open_one(int target, int processor, unsigned long flags) {
  return system_call(SYS_perf_event_open, word(&attributes_), target, processor, -1,
                     static_cast<long>(flags | PERF_FLAG_FD_CLOEXEC));
}

long Events::open(int target, unsigned long flags) {
  std::uint32_t ring = 0;
  const bool first = rings_.count() == 0;
  for (int processor = 0; processor < static_cast<int>(kMaxProcessors); ++processor) {
    long event = open_one(target, processor, flags);
    if (event == -EINVAL && processor == 0 && attributes_.read_format != 0) {
      // Linux before 6.0 rejects the format.
      attributes_.read_format = 0;
      event = open_one(target, processor, flags);
    }
    // The processor is offline or does not exist.
    if (event == -ENODEV) continue;
    if (event == -EINVAL && processor > 0) break;
    if (event < 0) return -event;
    if (count_ == kMaxEvents) return EMFILE;
    descriptors_[count_++] = {static_cast<int>(event), POLLIN, 0};
    ++alive_;
    if (first) {
      rings_.add(static_cast<int>(event));
    } else if (ring < rings_.count()) {
      if (const long error = rings_.redirect(static_cast<int>(event), ring++); error != 0) return error;
    }
  }
  return 0;
}

long Events::open_side_band() {
  const auto kept = attributes_;
  attributes_.type = PERF_TYPE_SOFTWARE;
  attributes_.config = PERF_COUNT_SW_DUMMY;
  attributes_.comm = attributes_.comm_exec = attributes_.mmap = attributes_.task = 1;
  const long error = open(-1, 0);
  attributes_ = kept;
  return error;
}

bool Events::wait() {
  constexpr long kNanoseconds = 100'000'000;
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
  const long timeout[2] = {0, kNanoseconds};
  if (system_call(SYS_ppoll, word(descriptors_), count_, word(timeout)) <= 0) return true;
  if (descriptors_[0].revents != 0) return false;
  for (std::uint32_t index = 1; index < count_; ++index) {
    auto& event = descriptors_[index];
    if (event.fd < 0 || (event.revents & (POLLHUP | POLLERR)) == 0) continue;
    event.fd = -event.fd;
    --alive_;
  }
  return true;
}

std::uint64_t Events::count_lost() const {
  if (attributes_.read_format == 0) return 0;
  std::uint64_t all = 0;
  for (std::uint32_t index = 1; index < count_; ++index) {
    const int event = descriptors_[index].fd < 0 ? -descriptors_[index].fd : descriptors_[index].fd;
    // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
    std::uint64_t values[2]{};
    if (system_call(SYS_read, event, word(values), sizeof values) == sizeof values) all += values[1];
  }
  return all;
}

}  // namespace seccomp_node
