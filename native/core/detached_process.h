// Starts a program that is not a child of this process, without a copy of this process's memory.
#pragma once

#include <cstdint>
#include <span>

#include "result.h"

namespace seccomp_node {

/** No user or group: the process keeps that of the caller. */
inline constexpr std::uint32_t kSameId = 0xffffffff;

/**
 * Starts the executable file that is the first of the descriptors, and returns its process number. It gets all of them
 * as the descriptors from 3 on, and no others but /dev/null for the standard streams. It is in a session of its own, in
 * the root directory, without arguments and environment, and should block signals first of all.
 *
 * It costs as little as posix_spawn(3), where a fork copies the page tables of Node. Its end is no event for this
 * process, nor for others in it that wait for children: where this process is the init of its container and so its new
 * parent, it is removed when the next one is started.
 */
Result<std::int32_t> start_detached(std::span<const std::uint32_t> descriptors, std::uint32_t user,
                                    std::uint32_t group);

}  // namespace seccomp_node
