// Loads a filter and immediately executes another program, so that the filter need not allow the calls of this
// runtime.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "load.h"

namespace seccomp_node {

struct Executable {
  std::string path;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
};

/** The isolation of the program from the process that started this one; see native/launcher/isolation.h. */
struct Isolation {
  /** Loaded before the filter; empty for none. */
  std::span<const std::byte> layer;
  /** `Domain`. */
  std::uint32_t domain;
  /** Whether only the standard streams are inherited. */
  bool only_stdio;
};

/**
 * Returns only on failure. The steps before the failed one stay in force. If execve failed, the filter is loaded, and
 * this process may be able to do very little.
 */
LoadFailure load_and_exec(std::span<const std::byte> program, std::uint32_t flags, bool no_new_privs,
                          const Isolation& isolation, Executable executable);

}  // namespace seccomp_node
