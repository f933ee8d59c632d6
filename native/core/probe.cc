#include "probe.h"

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "../launcher/isolation.h"
#include "../launcher/ring_filter.h"
#include "descriptor.h"
#include "kernel_abi.h"

namespace seccomp_node {

namespace {

/** Whether the kernel supports these flags, which it checks before the program. */
bool takes_flags(unsigned long flags) {
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, nullptr) == -1 && errno == EFAULT;
}

struct Action {
  const char* name;
  std::uint32_t value;
  /** Since Linux 3.5, which introduced filters; kernels before 4.14 cannot be probed. */
  bool original;
};

std::vector<std::string> supported_actions(bool filter) {
  std::vector<std::string> names;
  for (const auto& action :
       {Action{"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, false},
        Action{"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD, true}, Action{"SCMP_ACT_TRAP", SECCOMP_RET_TRAP, true},
        Action{"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO, true}, Action{"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF, false},
        Action{"SCMP_ACT_TRACE", SECCOMP_RET_TRACE, true}, Action{"SCMP_ACT_LOG", SECCOMP_RET_LOG, false},
        Action{"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW, true}}) {
    const bool answered = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action.value) == 0;
    const bool cannot_ask = !answered && errno == EINVAL;
    if (answered || (filter && cannot_ask && action.original)) names.emplace_back(action.name);
  }
  return names;
}

struct Flag {
  const char* name;
  unsigned long value;
  /** Flags that it requires. */
  unsigned long companions;
};

std::vector<std::string> supported_flags() {
  std::vector<std::string> names;
  for (const auto& flag :
       {Flag{"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC, 0},
        Flag{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG, 0},
        Flag{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW, 0},
        Flag{"SECCOMP_FILTER_FLAG_NEW_LISTENER", SECCOMP_FILTER_FLAG_NEW_LISTENER, 0},
        Flag{"SECCOMP_FILTER_FLAG_TSYNC_ESRCH", SECCOMP_FILTER_FLAG_TSYNC_ESRCH, SECCOMP_FILTER_FLAG_TSYNC},
        Flag{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
             SECCOMP_FILTER_FLAG_NEW_LISTENER}}) {
    if (takes_flags(flag.value | flag.companions)) names.emplace_back(flag.name);
  }
  return names;
}

std::optional<NotificationSizes> notification_sizes() {
  seccomp_notif_sizes sizes{};
  if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0) return std::nullopt;
  return NotificationSizes{sizes.seccomp_notif, sizes.seccomp_notif_resp, sizes.seccomp_data};
}

std::optional<std::int32_t> jit() {
  const Descriptor file(open("/proc/sys/net/core/bpf_jit_enable", O_RDONLY | O_CLOEXEC));
  char digit = 0;
  if (!file.valid() || read(file.number(), &digit, 1) != 1 || digit < '0' || digit > '2') return std::nullopt;
  return digit - '0';
}

/** io_uring_setup(2). */
constexpr long kIoUringSetup = 425;
/** struct io_uring_params, whose fields are not read here. */
using RingParameters = std::array<std::uint64_t, 15>;

/** Why io_uring operations cannot be filtered. Probes with a ring: for a task, the kernel checks no_new_privs first. */
std::int32_t ring_filter_error() {
  RingParameters parameters{};
  const Descriptor ring(static_cast<int>(syscall(kIoUringSetup, 1, parameters.data())));
  if (!ring.valid()) return errno;
  // The kernel copies a filter before it checks it, so EFAULT for a null pointer means that it supports filters.
  if (syscall(kIoUringRegister, ring.number(), kRegisterBpfFilter, nullptr, 1) == 0 || errno == EFAULT) return 0;
  return errno;
}

}  // namespace

Probe probe() {
  utsname system{};
  uname(&system);
  const bool filter = takes_flags(0);
  const long landlock = syscall(kLandlockCreateRuleset, nullptr, 0, kLandlockVersion);
  const std::int32_t landlock_error = landlock < 0 ? errno : 0;
  return {.release = system.release,
          .filter = filter,
          .actions = supported_actions(filter),
          .flags = supported_flags(),
          .notification_sizes = notification_sizes(),
          .jit = jit(),
          .landlock = landlock < 0 ? 0 : static_cast<std::int32_t>(landlock),
          .landlock_error = landlock_error,
          .ring_filter_error = ring_filter_error()};
}

}  // namespace seccomp_node
