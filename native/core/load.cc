#include "load.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "descriptor.h"
#include "kernel_abi.h"
#include "library.h"

namespace seccomp_node {

namespace {

/** The name of a thread of this process, empty if it has ended. */
std::string thread_name(std::int32_t id) {
  const auto path = "/proc/self/task/" + std::to_string(id) + "/comm";
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return {};
  std::array<char, 32> text{};
  const auto length = read(file.number(), text.data(), text.size());
  if (length <= 0) return {};
  std::string name(text.data(), static_cast<std::size_t>(length));
  if (name.back() == '\n') name.pop_back();
  return name;
}

}  // namespace

bool is_program_size(std::size_t bytes) {
  const auto count = bytes / sizeof(sock_filter);
  return count > 0 && count <= BPF_MAXINSNS && bytes % sizeof(sock_filter) == 0;
}

Result<Program> Program::copy(std::span<const std::byte> bytes) {
  if (!is_program_size(bytes.size())) return Failure{"seccomp", EINVAL};
  std::vector<sock_filter> instructions(bytes.size() / sizeof(sock_filter));
  std::memcpy(instructions.data(), bytes.data(), bytes.size());
  return Program(std::move(instructions));
}

long Program::load(std::uint32_t flags) const {
  // The kernel only reads through this pointer.
  const sock_fprog program{static_cast<unsigned short>(instructions_.size()),
                           const_cast<sock_filter*>(instructions_.data())};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

Status set_no_new_privs() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Failure{"prctl", errno};
  return kDone;
}

bool end_with_parent(std::int32_t parent, std::int32_t channel) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return false;
  // A parent outside of this PID namespace has no number here.
  if (const auto found = getppid(); found != 0 && found != parent) return false;
  pollfd entry{channel, 0, 0};
  return poll(&entry, 1, 0) >= 0 && (entry.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

bool names_thread(long answer, std::uint32_t flags) {
  return answer > 0 && (flags & SECCOMP_FILTER_FLAG_TSYNC) != 0 && (flags & SECCOMP_FILTER_FLAG_TSYNC_ESRCH) == 0;
}

LoadFailure divergence(long answer) {
  const auto id = static_cast<std::int32_t>(answer);
  return {{"seccomp", ECANCELED}, id, thread_name(id)};
}

std::variant<Listener, LoadFailure> load_filter(std::span<const std::byte> program, std::uint32_t flags,
                                                bool no_new_privs) {
  const auto copy = Program::copy(program);
  if (const auto* failure = copy.failure()) return LoadFailure{*failure};
  warm_up();
  if (no_new_privs) {
    if (const auto failed = set_no_new_privs()) return LoadFailure{*failed};
  }
  const auto answer = copy.value().load(flags);
  if (answer < 0) return LoadFailure{{"seccomp", errno}};
  if (names_thread(answer, flags)) return divergence(answer);
  return Listener{(flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0 ? static_cast<std::int32_t>(answer) : -1};
}

std::int32_t thread_id() { return static_cast<std::int32_t>(syscall(SYS_gettid)); }

}  // namespace seccomp_node
