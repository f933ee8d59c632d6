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

/** Returns only on failure. Where execve failed the filter is on, and this process may be able to do very little. */
LoadFailure load_and_exec(std::span<const std::byte> program, std::uint32_t flags, bool no_new_privs,
                          Executable executable);

}  // namespace seccomp_node
