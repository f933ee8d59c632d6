// Loads a program and becomes another one at once: the filter never meets the runtime that loaded it.
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

/** What parts the program from the process that started this one; see native/launcher/isolation.h. */
struct Isolation {
  /** Loaded before the filter; empty for none. */
  std::span<const std::byte> layer;
  /** `Domain`. */
  std::uint32_t domain;
  /** Whether no descriptor but the standard streams is inherited. */
  bool only_stdio;
};

/**
 * Returns only on failure. What came before the step that failed stays in force: where execve failed, that is
 * everything, and this process may be able to do very little.
 */
LoadFailure load_and_exec(std::span<const std::byte> program, std::uint32_t flags, bool no_new_privs,
                          const Isolation& isolation, Executable executable);

}  // namespace seccomp_node
