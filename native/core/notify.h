// User notifications of a filter, seccomp_unotify(2), through libseccomp.
#pragma once

#include <array>
#include <cstdint>

#include "result.h"

namespace seccomp_node {

struct Notification {
  std::uint64_t id;
  std::uint32_t pid;
  std::uint32_t flags;
  std::int32_t syscall;
  std::uint32_t arch;
  std::uint64_t instruction_pointer;
  std::array<std::uint64_t, 6> args;
};

/** Waits for the next notification. */
Result<Notification> notify_receive(std::int32_t descriptor);
Status notify_respond(std::int32_t descriptor, std::uint64_t id, std::int64_t value, std::int32_t error,
                      std::uint32_t flags);
Status notify_id_valid(std::int32_t descriptor, std::uint64_t id);

}  // namespace seccomp_node
