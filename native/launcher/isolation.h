// Isolates a process from its parent. Shared by the launcher, which has no C library, and load_and_exec: `Call` makes a
// system call and returns -errno on failure.
#pragma once

#include <asm/ioctls.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>

namespace seccomp_node {

/** The Landlock domain that a command enters. Mirrored by `DOMAIN` in lib/process/isolation/isolation.ts. */
enum class Domain : std::uint32_t {
  kNone,
  /** ABI 6 and later: signals and abstract sockets are scoped, and no access to files is handled. */
  kScoped,
  /** ABI 2 to 5, where a domain must handle some access to files: REFER, which is allowed everywhere. */
  kRefer,
};

// Older systems have neither these numbers nor these structures in their headers. The numbers are the same on all
// architectures.
inline constexpr long kCloseRange = 436;
inline constexpr long kLandlockCreateRuleset = 444;
inline constexpr long kLandlockAddRule = 445;
inline constexpr long kLandlockRestrictSelf = 446;
inline constexpr long kCloseRangeCloexec = 1L << 2U;

/** struct landlock_ruleset_attr of ABI 6. Its first member is the structure of ABI 1 to 3. */
struct LandlockRuleset {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;
  std::uint64_t scoped;
};

/** struct landlock_path_beneath_attr. */
struct [[gnu::packed]] LandlockPathBeneath {
  std::uint64_t allowed_access;
  std::int32_t parent_fd;
};

inline constexpr std::uint32_t kLandlockVersion = 1;
inline constexpr std::uint64_t kLandlockAccessRefer = 1U << 13U;
inline constexpr std::uint64_t kLandlockScopeAbstractUnixSocket = 1U << 0U;
inline constexpr std::uint64_t kLandlockScopeSignal = 1U << 1U;
inline constexpr long kLandlockRulePathBeneath = 1;

/** Whether this process leads its session. */
template <auto Call>
bool leads_session() {
  return Call(SYS_getsid, 0, 0, 0, 0) == Call(SYS_getpid, 0, 0, 0, 0);
}

/** Whether one of the descriptors before `first` is the controlling terminal of this process. */
template <auto Call>
bool has_terminal_before(long first) {
  int number = 0;
  const auto accepts = [&](long descriptor, long request) {
    return Call(SYS_ioctl, descriptor, request, reinterpret_cast<long>(&number), 0) == 0;
  };
  for (long descriptor = 0; descriptor < first; ++descriptor) {
    // TIOCGSID also succeeds for the master of any pseudoterminal, TIOCGPTN only for masters.
    if (accepts(descriptor, TIOCGSID) && !accepts(descriptor, TIOCGPTN)) return true;
  }
  return false;
}

/**
 * Gives up the controlling terminal of this process, which must not lead its session: neither it nor its children can
 * then open /dev/tty or set the foreground process group. It stays in its session and process group, so that it still
 * gets Ctrl-C. Returns false if it may still have a controlling terminal.
 */
template <auto Call>
bool give_up_terminal() {
  static constexpr const char* kTerminal = "/dev/tty";
  const long terminal =
      Call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(kTerminal), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
  constexpr long kEnxio = 6;
  if (terminal < 0) return terminal == -kEnxio;
  // The kernel refuses it for any other file of this name.
  const bool given_up = Call(SYS_ioctl, terminal, TIOCNOTTY, 0, 0) == 0;
  Call(SYS_close, terminal, 0, 0, 0);
  return given_up;
}

/** Allows REFER beneath the root directory. Returns a positive errno, 0 on success. */
template <auto Call>
long allow_refer(long ruleset) {
  static constexpr const char* kRoot = "/";
  const long root = Call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(kRoot), O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  if (root < 0) return -root;
  const LandlockPathBeneath rule{kLandlockAccessRefer, static_cast<std::int32_t>(root)};
  const long added = Call(kLandlockAddRule, ruleset, kLandlockRulePathBeneath, reinterpret_cast<long>(&rule), 0);
  Call(SYS_close, root, 0, 0, 0);
  return -added;
}

/** Enters a Landlock domain, which needs no_new_privs or CAP_SYS_ADMIN. Returns a positive errno, 0 on success. */
template <auto Call>
long enter_domain(Domain domain) {
  if (domain == Domain::kNone) return 0;
  const bool scoped = domain == Domain::kScoped;
  const LandlockRuleset attributes{scoped ? 0 : kLandlockAccessRefer, 0,
                                   scoped ? kLandlockScopeAbstractUnixSocket | kLandlockScopeSignal : 0};
  const auto size = static_cast<long>(scoped ? sizeof attributes : sizeof attributes.handled_access_fs);
  const long ruleset = Call(kLandlockCreateRuleset, reinterpret_cast<long>(&attributes), size, 0, 0);
  if (ruleset < 0) return -ruleset;
  long error = scoped ? 0 : allow_refer<Call>(ruleset);
  if (error == 0) error = -Call(kLandlockRestrictSelf, ruleset, 0, 0, 0);
  Call(SYS_close, ruleset, 0, 0, 0);
  return error;
}

/** struct linux_dirent64 up to the name. */
struct DirectoryEntry {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t length;
  std::uint8_t type;
};
inline constexpr std::size_t kNameOffset = 19;

/** Parses a descriptor number; -1 if the name is not a number. */
inline long to_descriptor(const char* name) {
  long number = 0;
  // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): getdents64 wrote it.
  if (*name == '\0') return -1;
  for (; *name != '\0'; ++name) {
    if (*name < '0' || *name > '9') return -1;
    number = number * 10 + (*name - '0');
  }
  return number;
}

/** Sets close-on-exec for the descriptors that /proc lists, from `first` on. Returns a positive errno, 0 on success. */
template <auto Call>
long close_listed_on_exec(long first) {
  static constexpr const char* kDescriptors = "/proc/self/fd";
  const long directory =
      Call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(kDescriptors), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (directory < 0) return -directory;
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): the launcher has no standard library.
  alignas(DirectoryEntry) char entries[2048];
  long length = 0;
  long error = 0;
  while (error == 0 &&
         (length = Call(SYS_getdents64, directory, reinterpret_cast<long>(entries), sizeof entries, 0)) > 0) {
    for (long offset = 0; error == 0 && offset < length;) {
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(entries + offset);
      const long number = to_descriptor(entries + offset + kNameOffset);
      if (number >= first) error = -Call(SYS_fcntl, number, F_SETFD, FD_CLOEXEC, 0);
      offset += entry->length;
    }
  }
  Call(SYS_close, directory, 0, 0, 0);
  return error != 0 ? error : -length;
}

/** Sets close-on-exec for every descriptor from `first` on. Returns a positive errno, 0 on success. */
template <auto Call>
long close_on_exec_from(long first) {
  // CLOSE_RANGE_CLOEXEC needs Linux 5.11, and an active filter may refuse the call or the flag.
  if (Call(kCloseRange, first, 0xffffffffL, kCloseRangeCloexec, 0) == 0) return 0;
  return close_listed_on_exec<Call>(first);
}

}  // namespace seccomp_node
