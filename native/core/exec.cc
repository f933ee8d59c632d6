#include "exec.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "../launcher/isolation.h"
#include "kernel_abi.h"
#include "library.h"
#include "terminal.h"

namespace seccomp_node {

namespace {

/** The strings as execve(2) takes them. */
std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (auto& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/**
 * Resets signal dispositions and the signal mask for the next program, as Node does for child processes. execve(2)
 * resets handlers too, but later: a handler that runs before it would make its calls under the filter. The handler of
 * SIGSYS stays, because it reports a refused execve. On Linux sigprocmask changes the mask of the calling thread, and
 * execve keeps that mask.
 */
class DefaultSignals {
 public:
  DefaultSignals() {
    for (int number = 1; number < kSignals; ++number) {
      auto& action = before_[static_cast<std::size_t>(number)];
      if (number == SIGSYS || sigaction(number, nullptr, &action) != 0) continue;
      if (action.sa_handler != SIG_DFL) static_cast<void>(signal(number, SIG_DFL));
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, &mask_);
  }

  /** Undoes this if the process continues. */
  void restore() const {
    sigprocmask(SIG_SETMASK, &mask_, nullptr);
    for (int number = 1; number < kSignals; ++number) {
      const auto& action = before_[static_cast<std::size_t>(number)];
      if (action.sa_handler != SIG_DFL) sigaction(number, &action, nullptr);
    }
  }

 private:
  static constexpr int kSignals = 65;

  std::array<struct sigaction, kSignals> before_{};
  sigset_t mask_{};
};

/**
 * Makes the standard streams what programs expect: inherited, whoever opened them, and blocking, while those that Node
 * writes to are non-blocking. libuv does the same for children.
 */
class StandardStreams {
 public:
  StandardStreams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      const int flags = fcntl(stream, F_GETFD);
      if (flags >= 0 && (flags & FD_CLOEXEC) != 0) fcntl(stream, F_SETFD, flags & ~FD_CLOEXEC);
      const int status = fcntl(stream, F_GETFL);
      if (status < 0 || (status & O_NONBLOCK) == 0) continue;
      non_blocking_[static_cast<std::size_t>(stream)] = fcntl(stream, F_SETFL, status & ~O_NONBLOCK) == 0;
    }
  }

  /** Undoes what would affect this process if it continues. */
  void restore() const {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      if (non_blocking_[static_cast<std::size_t>(stream)]) fcntl(stream, F_SETFL, fcntl(stream, F_GETFL) | O_NONBLOCK);
    }
  }

 private:
  std::array<bool, 3> non_blocking_{};
};

/** syscall(2) with the signature that isolation.h expects. */
long call_four(long number, long a, long b, long c, long d) {
  const long answer = syscall(number, a, b, c, d);
  return answer < 0 ? -errno : answer;
}

/**
 * Gives up the controlling terminal unless a standard stream is the terminal. Returns false on failure. A session
 * leader keeps it: giving it up would hang up the terminal for the whole session, and the parent is in another session.
 */
bool leave_terminal() {
  if (!has_terminal() || leads_session<call_four>() || has_terminal_before<call_four>(STDERR_FILENO + 1)) return true;
  return give_up_terminal<call_four>() || setsid() >= 0;
}

/** All steps before the filter. */
Status isolate(const Isolation& isolation, bool no_new_privs) {
  if (isolation.only_stdio) {
    const long error = close_on_exec_from<call_four>(STDERR_FILENO + 1);
    if (error != 0) return Failure{"close_range", static_cast<int>(error)};
    if (!leave_terminal()) return Failure{"setsid", errno};
  }
  if (no_new_privs) {
    if (const auto failed = set_no_new_privs()) return failed;
  }
  if (!isolation.layer.empty()) {
    const auto layer = Program::copy(isolation.layer);
    if (const auto* failure = layer.failure()) return *failure;
    if (layer.value().load(0) != 0) return Failure{"seccomp", errno};
  }
  const long error = enter_domain<call_four>(static_cast<Domain>(isolation.domain));
  if (error != 0) return Failure{"landlock_restrict_self", static_cast<int>(error)};
  return kDone;
}

}  // namespace

LoadFailure load_and_exec(std::span<const std::byte> program, std::uint32_t flags, bool no_new_privs,
                          const Isolation& isolation, Executable executable) {
  // execve would close the listener, and every notified call would fail.
  if ((flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0) return {{"seccomp", EINVAL}};
  const auto copy = Program::copy(program);
  if (const auto* failure = copy.failure()) return {*failure};
  // Predictable failures are reported before anything is changed.
  if (isolation.domain > static_cast<std::uint32_t>(Domain::kRefer)) return {{"landlock_create_ruleset", EINVAL}};
  if (access(executable.path.c_str(), X_OK) != 0) return {{"execve", errno}};
  const auto argv = pointers(executable.arguments);
  const auto envp = pointers(executable.environment);
  warm_up();
  const StandardStreams streams;
  const DefaultSignals signals;
  const auto restore = [&] {
    signals.restore();
    streams.restore();
  };
  if (const auto failed = isolate(isolation, no_new_privs)) {
    restore();
    return {*failed};
  }
  const auto answer = copy.value().load(flags);
  if (answer == 0) {
    execve(executable.path.c_str(), argv.data(), envp.data());
    return {{"execve", errno}};
  }
  const int error = errno;
  restore();
  if (names_thread(answer, flags)) return divergence(answer);
  return {{"seccomp", error}};
}

}  // namespace seccomp_node
