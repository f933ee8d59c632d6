// Starts a program that is not a child of this process, without a copy of this process's memory.
#pragma once

#include <cstdint>
#include <span>

#include "result.h"

namespace seccomp_node {

/** No user or group: the process keeps that of the caller. */
inline constexpr std::uint32_t kSameId = 0xffffffff;

/**
 * Executes the file of the first descriptor, and returns the process ID. The process inherits all of these descriptors
 * from number 3 on, and has /dev/null as its standard streams. It runs in a new session and in the root directory,
 * without arguments or environment. It should block signals before it does anything else.
 *
 * This is as cheap as posix_spawn(3), while a fork would copy Node's page tables. No SIGCHLD reports the end of the
 * process, and no wait for children sees it. If this process is the init of its container, it becomes the new parent,
 * and reaps the process when the next one is started.
 */
Result<std::int32_t> start_detached(std::span<const std::uint32_t> descriptors, std::uint32_t user,
                                    std::uint32_t group);

}  // namespace seccomp_node
