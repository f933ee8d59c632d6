#include "trial.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstddef>

#include "descriptor.h"

namespace seccomp_node {

namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

constexpr std::size_t kExtraMemory = 256UL * 1024 * 1024;
constexpr rlim_t kFileSize = 32UL * 1024 * 1024;
/** The exit status of a child that could not be limited. */
constexpr int kUnlimited = 1;

timeval to_timeval(microseconds duration) {
  const auto whole = std::chrono::duration_cast<seconds>(duration);
  return {static_cast<time_t>(whole.count()), static_cast<suseconds_t>((duration - whole).count())};
}

/** Makes the signal end this process, even if Node handles or blocks it. */
bool end_by(int number) {
  sigset_t alone;
  sigemptyset(&alone);
  sigaddset(&alone, number);
  return signal(number, SIG_DFL) != SIG_ERR && pthread_sigmask(SIG_UNBLOCK, &alone, nullptr) == 0;
}

/** Makes the kernel end this process with SIGVTALRM after this processor time, outside of calls. */
bool limit_time(microseconds limit) {
  const itimerval timer{{0, 0}, to_timeval(limit)};
  return end_by(SIGVTALRM) && setitimer(ITIMER_VIRTUAL, &timer, nullptr) == 0;
}

bool lower(decltype(RLIMIT_AS) resource, rlim_t to) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) return false;
  limit.rlim_cur = std::min(to, limit.rlim_max);
  return setrlimit(resource, &limit) == 0;
}

/** Makes the kernel end this process with SIGXFSZ if it writes more to a file. */
bool limit_files() { return end_by(SIGXFSZ) && lower(RLIMIT_FSIZE, kFileSize); }

/** The first number of /proc/self/statm: the number of mapped pages. */
bool limit_memory() {
  const Descriptor file(open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  std::array<char, 32> text{};
  const auto length = file.valid() ? read(file.number(), text.data(), text.size()) : -1;
  std::size_t pages = 0;
  if (length <= 0 || std::from_chars(text.data(), text.data() + length, pages).ec != std::errc()) return false;
  return lower(RLIMIT_AS, pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + kExtraMemory);
}

/** The failure of a task that a signal ended. */
int reason_for(int signal_number) {
  switch (signal_number) {
    case SIGVTALRM:
      return ETIMEDOUT;
    case SIGXFSZ:
      return EFBIG;
    default:
      return ENOTRECOVERABLE;
  }
}

}  // namespace

Status try_in_child(const char* function, microseconds& budget, const std::function<void()>& task) {
  // A timer of zero would be disabled.
  if (budget <= microseconds::zero()) return Failure{function, ETIMEDOUT};
  const pid_t child = fork();
  if (child < 0) return Failure{"fork", errno};
  if (child == 0) {
    if (!limit_time(budget) || !limit_memory() || !limit_files()) _exit(kUnlimited);
    task();
    _exit(0);
  }
  int ending = 0;
  rusage used{};
  while (wait4(child, &ending, 0, &used) < 0) {
    if (errno != EINTR) return Failure{"wait4", errno};
  }
  budget -= seconds(used.ru_utime.tv_sec) + microseconds(used.ru_utime.tv_usec);
  if (WIFSIGNALED(ending)) return Failure{function, reason_for(WTERMSIG(ending))};
  if (WEXITSTATUS(ending) != 0) return Failure{"setrlimit", EINVAL};
  return kDone;
}

}  // namespace seccomp_node
