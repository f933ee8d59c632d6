#include "interruption.h"

#include "ptrace.h"

#if defined(__x86_64__)

#include <linux/errno.h>

#include <cstddef>
#include <cstdint>

#include "registers.h"

#endif

namespace seccomp_node {

#if defined(__x86_64__)

namespace {

/** The hexadecimal number behind a name of six letters, a colon and a tab at the beginning of a line. */
std::uint64_t mask(const char* text, std::size_t size, const char* name) {
  for (std::size_t start = 0; start + 8 < size; ++start) {
    if (start > 0 && text[start - 1] != '\n') continue;
    std::size_t letter = 0;
    // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): read(2) wrote it.
    while (letter < 6 && text[start + letter] == name[letter]) ++letter;
    if (letter < 6) continue;
    std::uint64_t value = 0;
    for (std::size_t at = start + 8; at < size && text[at] != '\n'; ++at) {
      const char digit = text[at];
      value = value * 16 + static_cast<std::uint64_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    return value;
  }
  return 0;
}

/** Whether a thread ignores a signal, or `signal` is 0, and no other signal is pending. */
bool is_ignored(int thread, int signal) {
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
  char text[4096];
  const auto size = read_of(thread, "/status", text, sizeof text);
  const auto pending = mask(text, size, "SigPnd") | mask(text, size, "ShdPnd");
  if ((pending & ~mask(text, size, "SigBlk")) != 0) return false;
  if (signal == 0) return size > 0;
  const auto bit = 1UL << (signal - 1);
  if ((mask(text, size, "SigIgn") & bit) != 0) return true;
  const bool by_default = signal == SIGCHLD || signal == SIGURG || signal == SIGWINCH;
  return by_default && size > 0 && (mask(text, size, "SigCgt") & bit) == 0;
}

}  // namespace

// Without a tracer, an ignored signal does not wake a process. A traced process wakes, so that its tracer sees the
// signal. If the kernel restarts the interrupted call, nobody notices. A call that it does not restart, such as
// epoll_wait, would fail with EINTR: this function restarts it, and the tracer drops the signal in place of the kernel.
bool is_harmless_interruption(int thread, int signal) {
  constexpr long kRestart = -513;  // ERESTARTNOINTR of the kernel.
  long result = 0;
  long number = -1;
  if (ptrace(PTRACE_PEEKUSR, thread, offsetof(Registers, rax), &result) < 0 || result != -EINTR) return false;
  if (ptrace(PTRACE_PEEKUSR, thread, offsetof(Registers, orig_rax), &number) < 0 || number < 0) return false;
  if (!is_ignored(thread, signal)) return false;
  return ptrace(PTRACE_POKEUSR, thread, offsetof(Registers, rax), static_cast<unsigned long>(kRestart)) == 0;
}

void wait_again(int thread) {
  constexpr int kNoSignal = 0;
  is_harmless_interruption(thread, kNoSignal);
}

#elif defined(__aarch64__)

// Here the kernel has already decided whether to restart the call, and its first argument is lost.
bool is_harmless_interruption(int, int) { return false; }

void wait_again(int) {}

#else
#error "the tracer does not support this architecture"
#endif

}  // namespace seccomp_node
