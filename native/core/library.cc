#include "library.h"

#include <seccomp.h>

#include <cstdlib>
#include <memory>

namespace seccomp_node {

namespace {

std::recursive_mutex library_mutex;

/**
 * Uses every kernel feature once, so that libseccomp knows them all: it probes a feature when a filter first uses it,
 * and a load uses only earlier results.
 */
void ask_for_features() {
  auto* context = seccomp_init(SCMP_ACT_NOTIFY);
  if (context == nullptr) context = seccomp_init(SCMP_ACT_ALLOW);
  if (context == nullptr) return;
  for (const auto flag : {SCMP_FLTATR_CTL_TSYNC, SCMP_FLTATR_CTL_LOG, SCMP_FLTATR_CTL_SSB}) {
    seccomp_attr_set(context, flag, 0);
  }
  for (const auto action : {SCMP_ACT_LOG, SCMP_ACT_KILL_PROCESS}) {
    seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, action);
  }
  seccomp_release(context);
}

struct Free {
  void operator()(char* text) const { std::free(text); }
};

}  // namespace

LibraryLock::LibraryLock() : guard_(library_mutex) {
  // Only its first call probes the kernel.
  seccomp_api_get();
}

void warm_up() { const LibraryLock lock; }

Version version() {
  const auto* number = seccomp_version();
  return {number->major, number->minor, number->micro};
}

std::uint32_t api_get() {
  const LibraryLock lock;
  return seccomp_api_get();
}

Status api_set(std::uint32_t level) {
  const LibraryLock lock;
  return status("seccomp_api_set", seccomp_api_set(level));
}

Status global_reset() {
  const LibraryLock lock;
  const auto failed = status("seccomp_reset", seccomp_reset(nullptr, 0));
  ask_for_features();
  return failed;
}

std::uint32_t arch_native() {
  const LibraryLock lock;
  return seccomp_arch_native();
}

std::uint32_t arch_resolve_name(const std::string& name) {
  const LibraryLock lock;
  return seccomp_arch_resolve_name(name.c_str());
}

std::optional<std::string> syscall_resolve_num_arch(std::uint32_t arch, std::int32_t number) {
  const LibraryLock lock;
  const std::unique_ptr<char, Free> name(seccomp_syscall_resolve_num_arch(arch, number));
  if (name == nullptr) return std::nullopt;
  return std::string(name.get());
}

std::int32_t syscall_resolve_name_arch(std::uint32_t arch, const std::string& name) {
  const LibraryLock lock;
  return seccomp_syscall_resolve_name_arch(arch, name.c_str());
}

std::int32_t syscall_resolve_name_rewrite(std::uint32_t arch, const std::string& name) {
  const LibraryLock lock;
  return seccomp_syscall_resolve_name_rewrite(arch, name.c_str());
}

std::int32_t syscall_resolve_name(const std::string& name) {
  const LibraryLock lock;
  return seccomp_syscall_resolve_name(name.c_str());
}

}  // namespace seccomp_node
