#include "helper_process.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

namespace seccomp_node {

namespace {

/** Memory for the helper's stack. */
class Stack {
 public:
  Stack() : bottom_(mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {}
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  ~Stack() {
    if (valid()) munmap(bottom_, kSize);
  }

  [[nodiscard]] bool valid() const { return bottom_ != MAP_FAILED; }
  /** Stacks grow down. */
  [[nodiscard]] void* top() const { return static_cast<std::byte*>(bottom_) + kSize; }

 private:
  static constexpr std::size_t kSize = 64UL * 1024;

  void* bottom_;
};

/**
 * Blocks all signals in this thread, and in processes that inherit its mask, except SIGSYS: a blocked SIGSYS would kill
 * the process.
 */
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGSYS);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

struct Job {
  void (*task)(void*);
  void* argument;
  const HelperOptions& options;
};

/** The number of descriptors that are closed before Linux 5.9, which lacks close_range(2); higher ones stay open. */
constexpr unsigned kMaxClosed = 4096;
constexpr unsigned kUnshare = 1U << 1;

/** Gives this process its own descriptor table, and closes all descriptors except one. */
void keep_only(std::int32_t kept) {
  const auto above = static_cast<unsigned>(kept + 1);
  if (syscall(SYS_close_range, above, ~0U, kUnshare) == 0) {
    if (kept > 0) syscall(SYS_close_range, 0U, static_cast<unsigned>(kept - 1), 0U);
    return;
  }
  if (unshare(CLONE_FILES) != 0) return;
  for (unsigned number = 0; number < kMaxClosed; ++number) {
    if (number + 1 != above) close(static_cast<int>(number));
  }
}

/** Makes the kernel kill this process after a time, even in the middle of a blocking call. */
bool limit_own_life(std::uint32_t milliseconds) {
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  const itimerval timer{{0, 0}, {milliseconds / 1000, static_cast<suseconds_t>(milliseconds % 1000) * 1000}};
  return signal(SIGALRM, SIG_DFL) != SIG_ERR && sigprocmask(SIG_UNBLOCK, &alarm, nullptr) == 0 &&
         setitimer(ITIMER_REAL, &timer, nullptr) == 0;
}

int perform_job(void* argument) {
  const auto& job = *static_cast<const Job*>(argument);
  if (job.options.limit != kNoLimit && !limit_own_life(job.options.limit)) return 1;
  // Even a stopped helper does not outlive the thread that waits for it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (job.options.descriptors == HelperDescriptors::kOnlyOne) keep_only(job.options.kept);
  job.task(job.argument);
  return 0;
}

}  // namespace

Status run_in_helper(void (*task)(void* argument), void* argument, const HelperOptions& options) {
  // A timer of zero would be disabled.
  if (options.limit == 0) return Failure{"helper", ETIMEDOUT};
  const Stack stack;
  if (!stack.valid()) return Failure{"mmap", errno};
  Job job{task, argument, options};
  const BlockedSignals blocked;
  // Without an exit signal, functions that wait for children of this process do not see the helper.
  const int helper = clone(perform_job, stack.top(), CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_FS, &job);
  if (helper < 0) return Failure{"clone", errno};
  int ending = 0;
  while (waitpid(helper, &ending, __WALL) < 0) {
    if (errno != EINTR) return Failure{"waitpid", errno};
  }
  if (WIFSIGNALED(ending)) return Failure{"helper", WTERMSIG(ending) == SIGALRM ? ETIMEDOUT : EINTR};
  if (WEXITSTATUS(ending) != 0) return Failure{"setitimer", EINVAL};
  return kDone;
}

}  // namespace seccomp_node
