// libseccomp as a whole: one lock around its global state, its version, API level and name tables.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "result.h"

namespace seccomp_node {

/**
 * Held around every use of libseccomp, whose native architecture, API level and notification descriptor are global.
 * A thread may hold it more than once: a compilation is one use.
 */
class LibraryLock {
 public:
  LibraryLock();

 private:
  std::lock_guard<std::recursive_mutex> guard_;
};

/** Makes libseccomp probe the features of the kernel now, before a filter may forbid that. */
void warm_up();

struct Version {
  std::uint32_t major;
  std::uint32_t minor;
  std::uint32_t micro;
};

Version version();
std::uint32_t api_get();
Status api_set(std::uint32_t level);
/** Forgets the features of the kernel and the notification descriptor, and probes again. */
Status global_reset();
std::uint32_t arch_native();
std::uint32_t arch_resolve_name(const std::string& name);
std::optional<std::string> syscall_resolve_num_arch(std::uint32_t arch, std::int32_t number);
std::int32_t syscall_resolve_name_arch(std::uint32_t arch, const std::string& name);
std::int32_t syscall_resolve_name_rewrite(std::uint32_t arch, const std::string& name);
std::int32_t syscall_resolve_name(const std::string& name);

}  // namespace seccomp_node
