#include "notify_listener.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "background.h"
#include "descriptor.h"
#include "kernel_abi.h"

namespace seccomp_node {

namespace {

static_assert(sizeof(seccomp_notif) == kNotificationWords * sizeof(std::uint64_t));

/** Space for a structure that later kernels may extend: the ioctl writes their whole structure. */
using Room = std::array<std::uint64_t, 64>;

/** The maximum number of calls that vanish before they are received; then it is the turn of other listeners. */
constexpr std::uint32_t kMaxWithdrawn = 64;

/** The current events of poll(2), 0 for none. */
Result<short> events_of(int descriptor) {
  if (descriptor < 0) return Failure{"poll", EBADF};
  pollfd entry{descriptor, POLLIN, 0};
  while (poll(&entry, 1, 0) < 0) {
    if (errno != EINTR) return Failure{"poll", errno};
  }
  return entry.revents;
}

Result<std::int32_t> add_descriptor(int listener, const seccomp_notif_addfd& request) {
  int answer = 0;
  // Before Linux 5.13 the ioctl may fail with EINTR before it does anything.
  while ((answer = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &request)) < 0) {
    if (errno != EINTR) return Failure{"ioctl", errno};
  }
  return answer;
}

}  // namespace

Result<std::int32_t> take_notifications(std::int32_t listener, std::span<std::uint64_t> records, bool ready) {
  std::int32_t count = 0;
  std::uint32_t withdrawn = 0;
  while (records.size() >= kNotificationWords) {
    if (!std::exchange(ready, false)) {
      const auto events = events_of(listener);
      if (const auto* failure = events.failure()) return *failure;
      if ((events.value() & POLLNVAL) != 0) return Failure{"poll", EBADF};
      if ((events.value() & POLLIN) == 0)
        return count == 0 && (events.value() & (POLLHUP | POLLERR)) != 0 ? kEnded : count;
    }
    Room room{};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, room.data()) != 0) {
      // The caller was interrupted or has ended.
      if (errno == ENOENT || errno == EINTR) {
        // A process may make new calls as fast as it abandons them.
        if (++withdrawn == kMaxWithdrawn) return count;
        continue;
      }
      return Failure{"ioctl", errno};
    }
    std::memcpy(records.data(), room.data(), sizeof(seccomp_notif));
    records = records.subspan(kNotificationWords);
    ++count;
  }
  return count;
}

Status answer_call(std::int32_t listener, std::uint64_t id, std::int64_t value, std::int32_t error,
                   std::uint32_t flags) {
  seccomp_notif_resp response{};
  response.id = id;
  response.val = value;
  response.error = error;
  response.flags = flags;
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) != 0) return Failure{"ioctl", errno};
  return kDone;
}

namespace {

Result<std::int32_t> answer_with_descriptor(std::int32_t listener, std::uint64_t id, std::int32_t descriptor,
                                            bool close_on_exec) {
  seccomp_notif_addfd request{};
  request.id = id;
  request.flags = SECCOMP_ADDFD_FLAG_SEND;
  request.srcfd = static_cast<__u32>(descriptor);
  request.newfd_flags = close_on_exec ? O_CLOEXEC : 0;
  const auto sent = add_descriptor(listener, request);
  if (sent.failure() == nullptr || sent.failure()->error != EINVAL) return sent;
  // The flag is unknown before Linux 5.14. If the caller is interrupted between the two steps, it keeps the descriptor.
  request.flags = 0;
  const auto added = add_descriptor(listener, request);
  if (added.failure() != nullptr) return added;
  if (const auto failed = answer_call(listener, id, added.value(), 0, 0)) return *failed;
  return added;
}

/** The number of pending descriptors, by the number of the listener. */
class Gifts {
 public:
  bool add(int listener) {
    const std::scoped_lock lock(mutex_);
    auto& count = counts_[listener];
    if (count == kMaxGifts) return false;
    ++count;
    return true;
  }
  void remove(int listener) {
    const std::scoped_lock lock(mutex_);
    if (--counts_[listener] == 0) counts_.erase(listener);
  }

 private:
  std::mutex mutex_;
  std::map<int, std::uint32_t> counts_;
};

/** Never destroyed: threads may outlive `main`. */
Gifts& gifts() {
  static auto* const all = new Gifts;
  return *all;
}

/** A pending descriptor: copies, which do not depend on the originals. */
class Gift {
 public:
  Gift(int listener, int descriptor)
      : listener_(fcntl(listener, F_DUPFD_CLOEXEC, 0)),
        descriptor_(fcntl(descriptor, F_DUPFD_CLOEXEC, 0)),
        error_(errno),
        counted_as_(listener),
        counted_(gifts().add(listener)) {}
  Gift(const Gift&) = delete;
  Gift& operator=(const Gift&) = delete;
  ~Gift() {
    if (counted_) gifts().remove(counted_as_);
  }

  /** Why the descriptor cannot be sent. */
  [[nodiscard]] Status failed() const {
    if (!counted_) return Failure{"ioctl", EAGAIN};
    if (!listener_.valid() || !descriptor_.valid()) return Failure{"fcntl", error_};
    return kDone;
  }

  /** Waits until the caller has received it. */
  void give(std::uint64_t id, bool close_on_exec) const {
    const auto given = answer_with_descriptor(listener_.number(), id, descriptor_.number(), close_on_exec);
    // If the caller no longer waits, this response fails too.
    if (given.failure() != nullptr) answer_call(listener_.number(), id, 0, -given.failure()->error, 0);
  }

 private:
  Descriptor listener_;
  Descriptor descriptor_;
  int error_;
  int counted_as_;
  bool counted_;
};

}  // namespace

Status begin_answer_with_descriptor(std::int32_t listener, std::uint64_t id, std::int32_t descriptor,
                                    bool close_on_exec) {
  const auto gift = std::make_shared<Gift>(listener, descriptor);
  if (const auto failed = gift->failed()) return failed;
  return run_in_background([gift, id, close_on_exec] { gift->give(id, close_on_exec); });
}

Status wake_in_turn(std::int32_t listener) {
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP) != 0) {
    return Failure{"ioctl", errno};
  }
  return kDone;
}

Result<std::uint32_t> wait_for_either(std::int32_t first, std::int32_t second) {
  // poll(2) ignores negative descriptors.
  if (first < 0 || second < 0) return Failure{"poll", EBADF};
  std::array<pollfd, 2> entries{pollfd{first, POLLIN, 0}, pollfd{second, POLLIN, 0}};
  while (poll(entries.data(), entries.size(), -1) < 0) {
    if (errno != EINTR) return Failure{"poll", errno};
  }
  return (entries[0].revents != 0 ? 1U : 0U) | (entries[1].revents != 0 ? 2U : 0U);
}

}  // namespace seccomp_node
