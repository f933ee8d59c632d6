#include "read_filters.h"

#include <linux/filter.h>
#include <linux/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <span>

#include "helper_process.h"
#include "kernel_abi.h"

namespace seccomp_node {

namespace {

/** The kernel allows 32768 instructions in all layers, and counts four more for each; a layer has at least one. */
constexpr std::size_t kMaxChain = 32768;
constexpr std::size_t kMaxLayers = kMaxChain / 5 + 1;

/** ptrace(2) with the kernel's request constants: the C library's wrapper has its own type for them. */
template <typename Data>
long trace(long request, pid_t thread, std::uint64_t address, Data data) {
  return syscall(SYS_ptrace, request, static_cast<long>(thread), address, data);
}

/** A traced thread, which the destructor releases. */
class Tracee {
 public:
  explicit Tracee(pid_t thread) : thread_(thread) {}
  Tracee(const Tracee&) = delete;
  Tracee& operator=(const Tracee&) = delete;
  ~Tracee() {
    if (attached_) trace(PTRACE_DETACH, thread_, 0, static_cast<long>(signal_));
  }

  /** Attaches and waits until the thread has stopped. */
  Status stop() {
    if (trace(PTRACE_SEIZE, thread_, 0, 0L) != 0) return Failure{"PTRACE_SEIZE", errno};
    attached_ = true;
    if (trace(PTRACE_INTERRUPT, thread_, 0, 0L) != 0) return Failure{"PTRACE_INTERRUPT", errno};
    siginfo_t change{};
    // WNOWAIT changes nothing: the parent still sees an end, and the thread still gets a signal if this process ends.
    while (waitid(P_PID, static_cast<id_t>(thread_), &change, WSTOPPED | WEXITED | WNOWAIT | __WALL) != 0) {
      if (errno != EINTR) return Failure{"waitid", errno};
    }
    if (change.si_code != CLD_TRAPPED && change.si_code != CLD_STOPPED) return Failure{"waitid", ESRCH};
    // Without an event in the higher bits, a signal stopped the thread. The thread must still get that signal.
    const bool on_signal = (change.si_status >> 8) == 0;
    signal_ = on_signal ? change.si_status : 0;
    return kDone;
  }

 private:
  pid_t thread_;
  bool attached_ = false;
  int signal_ = 0;
};

struct LayerEntry {
  std::size_t instructions;
  std::optional<std::uint32_t> flags;
};

/** The data that the helper reads, into memory that exists before it starts. */
struct Chain {
  pid_t thread;
  std::vector<sock_filter> instructions = std::vector<sock_filter>(kMaxChain);
  std::vector<LayerEntry> layers = std::vector<LayerEntry>(kMaxLayers);
  std::size_t count = 0;
  Status failed = kDone;
};

std::optional<std::uint32_t> flags_of(pid_t thread, std::size_t layer) {
  seccomp_metadata metadata{layer, 0};
  if (trace(PTRACE_SECCOMP_GET_METADATA, thread, sizeof(metadata), &metadata) < 0) return std::nullopt;
  return static_cast<std::uint32_t>(metadata.flags);
}

/** Layers are numbered from the oldest, so a layer that TSYNC adds meanwhile does not renumber the others. */
Status read_chain(Chain& chain) {
  Tracee tracee(chain.thread);
  if (const auto failed = tracee.stop()) return failed;
  std::size_t used = 0;
  for (;; ++chain.count) {
    const auto length = trace(PTRACE_SECCOMP_GET_FILTER, chain.thread, chain.count, nullptr);
    if (length < 0 && errno == ENOENT) return kDone;
    if (length < 0) return Failure{"PTRACE_SECCOMP_GET_FILTER", errno};
    const auto instructions = static_cast<std::size_t>(length);
    // The kernel does not know the size of the buffer.
    if (chain.count == chain.layers.size() || instructions > chain.instructions.size() - used) {
      return Failure{"PTRACE_SECCOMP_GET_FILTER", EOVERFLOW};
    }
    if (trace(PTRACE_SECCOMP_GET_FILTER, chain.thread, chain.count, &chain.instructions[used]) != length) {
      return Failure{"PTRACE_SECCOMP_GET_FILTER", errno};
    }
    used += instructions;
    chain.layers[chain.count] = {instructions, flags_of(chain.thread, chain.count)};
  }
}

void read_chain_task(void* argument) {
  auto& chain = *static_cast<Chain*>(argument);
  chain.failed = read_chain(chain);
}

Bytes bytes_of(std::span<const sock_filter> instructions) {
  const auto bytes = std::as_bytes(instructions);
  Bytes copy(bytes.size());
  std::memcpy(copy.data(), bytes.data(), bytes.size());
  return copy;
}

}  // namespace

Result<std::vector<LiveFilter>> read_filters(std::int32_t thread, std::uint32_t limit) {
  Chain chain{thread};
  // The tracer is a process, not a thread: every thread of this process would see the stop in waitpid(2), and libuv
  // mistakes a stopped child for one that has ended. A thread that does not stop is released only when its tracer ends.
  if (const auto failed = run_in_helper(read_chain_task, &chain, {.limit = limit})) return *failed;
  if (chain.failed) return *chain.failed;
  std::vector<LiveFilter> filters;
  std::size_t offset = 0;
  for (const auto& layer : std::span(chain.layers).first(chain.count)) {
    filters.push_back({bytes_of(std::span(chain.instructions).subspan(offset, layer.instructions)), layer.flags});
    offset += layer.instructions;
  }
  return filters;
}

}  // namespace seccomp_node
