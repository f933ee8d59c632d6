#include "detached_process.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <mutex>
#include <vector>

#include "../launcher/isolation.h"
#include "helper_process.h"

namespace seccomp_node {

namespace {

constexpr std::size_t kMostPassed = 16;
constexpr int kFirst = STDERR_FILENO + 1;

/** The input of the helper, in memory that all three processes share. */
struct Start {
  std::span<const std::uint32_t> descriptors;
  std::uint32_t user;
  std::uint32_t group;
  std::int32_t process = -1;
  Failure failure{"execve", 0};
};

/** Sets up the descriptors of this process, which has its own table. */
Status arrange(std::span<const std::uint32_t> descriptors) {
  const int above = kFirst + static_cast<int>(descriptors.size());
  // First move them to numbers where they do not collide.
  std::array<int, kMostPassed> moved{};
  for (std::size_t at = 0; at < descriptors.size(); ++at) {
    moved[at] = fcntl(static_cast<int>(descriptors[at]), F_DUPFD_CLOEXEC, above);
    if (moved[at] < 0) return Failure{"fcntl", errno};
  }
  for (std::size_t at = 0; at < descriptors.size(); ++at) {
    if (dup2(moved[at], kFirst + static_cast<int>(at)) < 0) return Failure{"dup2", errno};
  }
  for (int stream = STDIN_FILENO; stream < kFirst; ++stream) {
    close(stream);
    // Uses the lowest free number.
    if (open("/dev/null", O_RDWR) < 0) return Failure{"open", errno};
  }
  // Needs Linux 5.11. On older kernels, Node's own descriptors are close-on-exec anyway.
  syscall(kCloseRange, above, ~0U, kCloseRangeCloexec);
  return kDone;
}

/** Changes the user and the group of only this process: the functions of the C library change those of all threads. */
Status become(std::uint32_t user, std::uint32_t group) {
  if (user == kSameId && group == kSameId) return kDone;
  // Errors are ignored, as in libuv when it starts the command: if permissions are missing, a later step fails.
  syscall(SYS_setgroups, 0, nullptr);
  if (group != kSameId && syscall(SYS_setgid, group) != 0) return Failure{"setgid", errno};
  if (user != kSameId && syscall(SYS_setuid, user) != 0) return Failure{"setuid", errno};
  return kDone;
}

Status execute(const Start& start) {
  setsid();
  if (chdir("/") != 0) return Failure{"chdir", errno};
  if (const auto failed = arrange(start.descriptors)) return failed;
  if (const auto failed = become(start.user, start.group)) return failed;
  static constexpr const char* kImage = "/proc/self/fd/3";
  std::array<char*, 1> nothing{};
  execve(kImage, nothing.data(), nothing.data());
  return Failure{"execve", errno};
}

int run_started(void* argument) {
  auto& start = *static_cast<Start*>(argument);
  if (const auto failed = execute(start)) start.failure = *failed;
  _exit(1);
}

/** Starts the process, whose parent then ends. */
void start_in_helper(void* argument) {
  auto& start = *static_cast<Start*>(argument);
  constexpr std::size_t kStackSize = 16UL * 1024;
  alignas(16) std::array<std::byte, kStackSize> stack;
  // The process shares the memory until it executes its file or ends; this process waits for that.
  start.process = clone(run_started, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | SIGCHLD, argument);
  if (start.process < 0) {
    start.failure = {"clone", errno};
  } else if (start.failure.error != 0) {
    waitpid(start.process, nullptr, 0);
  }
}

/** Processes that became children of this process, because it adopts orphans. */
class Adopted {
 public:
  void remove_ended() {
    const std::lock_guard guard(lock_);
    std::erase_if(processes_, [](int process) { return waitpid(process, nullptr, WNOHANG) != 0; });
  }

  void add_if_child(int process) {
    const std::lock_guard guard(lock_);
    if (waitpid(process, nullptr, WNOHANG) == 0) processes_.push_back(process);
  }

 private:
  std::mutex lock_;
  std::vector<int> processes_;
};

}  // namespace

Result<std::int32_t> start_detached(std::span<const std::uint32_t> descriptors, std::uint32_t user,
                                    std::uint32_t group) {
  if (descriptors.empty() || descriptors.size() > kMostPassed) return Failure{"execve", EINVAL};
  static Adopted adopted;
  adopted.remove_ended();
  Start start{descriptors, user, group};
  // The memory must stay as long as the process may use it.
  constexpr HelperOptions kOptions{.limit = kNoLimit};
  if (const auto failed = run_in_helper(start_in_helper, &start, kOptions)) return *failed;
  if (start.failure.error != 0) return start.failure;
  adopted.add_if_child(start.process);
  return start.process;
}

}  // namespace seccomp_node
