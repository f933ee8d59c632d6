#include "served_calls.h"

#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <span>

namespace seccomp_node {

namespace {

constexpr std::uint32_t kMaxCount = 1024;
constexpr long kNobody = 65534;

/** The outcome of a call. A call without an outcome has ended the process. */
enum class Outcome : std::uint8_t { kNotMade, kMade, kServed, kAbsent };

/** Memory that the child writes and the parent reads. */
class SharedOutcomes {
 public:
  explicit SharedOutcomes(std::size_t count)
      : count_(count), memory_(mmap(nullptr, count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {}
  SharedOutcomes(const SharedOutcomes&) = delete;
  SharedOutcomes& operator=(const SharedOutcomes&) = delete;
  ~SharedOutcomes() {
    if (valid()) munmap(memory_, count_);
  }

  [[nodiscard]] bool valid() const { return memory_ != MAP_FAILED; }
  [[nodiscard]] std::span<volatile Outcome> all() const { return {static_cast<volatile Outcome*>(memory_), count_}; }

 private:
  std::size_t count_;
  void* memory_;
};

/** A process that cannot change its user, as in a user namespace with one user, at least drops its capabilities. */
bool drop_privileges() {
  if (geteuid() == 0) {
    syscall(SYS_setgroups, 0, nullptr);
    syscall(SYS_setresgid, kNobody, kNobody, kNobody);
    syscall(SYS_setresuid, kNobody, kNobody, kNobody);
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  return syscall(SYS_capset, &header, none.data()) == 0;
}

/** Keeps the calls from affecting other processes. */
bool give_up_everything() {
  sigset_t none;
  sigemptyset(&none);
  const itimerval second{{0, 0}, {1, 0}};
  if (signal(SIGALRM, SIG_DFL) == SIG_ERR || sigprocmask(SIG_SETMASK, &none, nullptr) != 0 ||
      setitimer(ITIMER_REAL, &second, nullptr) != 0)
    return false;
  setsid();
  return drop_privileges() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

[[noreturn]] void make_calls(std::uint32_t first, std::span<volatile Outcome> outcomes) {
  if (!give_up_everything()) _exit(1);
  for (std::size_t index = 0; index < outcomes.size(); ++index) {
    outcomes[index] = Outcome::kMade;
    const long answer = syscall(static_cast<long>(first) + static_cast<long>(index), -1L, -1L, -1L, -1L, -1L, -1L);
    outcomes[index] = answer == -1 && errno == ENOSYS ? Outcome::kAbsent : Outcome::kServed;
  }
  _exit(0);
}

}  // namespace

Result<std::vector<std::int32_t>> served_calls(std::uint32_t first, std::uint32_t count) {
  if (count == 0 || count > kMaxCount) return Failure{"served_calls", EINVAL};
  const SharedOutcomes outcomes(count);
  if (!outcomes.valid()) return Failure{"mmap", errno};
  // A fork without an exit signal: functions that wait for children of this process do not see the child.
  const auto child = static_cast<pid_t>(syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L));
  if (child < 0) return Failure{"clone", errno};
  if (child == 0) make_calls(first, outcomes.all());
  int ending = 0;
  while (waitpid(child, &ending, __WALL) < 0) {
    if (errno != EINTR) return Failure{"waitpid", errno};
  }
  if (WIFEXITED(ending) && WEXITSTATUS(ending) != 0) return Failure{"capset", EPERM};
  std::vector<std::int32_t> served;
  for (std::size_t index = 0; index < count; ++index) {
    const Outcome outcome = outcomes.all()[index];
    if (outcome == Outcome::kServed || outcome == Outcome::kMade)
      served.push_back(static_cast<std::int32_t>(first + index));
  }
  return served;
}

}  // namespace seccomp_node
