// What the running kernel supports of filters, probed without changing anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace seccomp_node {

/** Sizes of the structures of seccomp_unotify(2) in bytes. */
struct NotificationSizes {
  std::uint32_t notification;
  std::uint32_t response;
  std::uint32_t data;
};

struct Probe {
  std::string release;
  bool filter;
  /** SCMP_ACT_* names. */
  std::vector<std::string> actions;
  /** SECCOMP_FILTER_FLAG_* names. */
  std::vector<std::string> flags;
  std::optional<NotificationSizes> notification_sizes;
  /** net.core.bpf_jit_enable, if it can be read. */
  std::optional<std::int32_t> jit;
  /** The version of Landlock's ABI, from 1 on; 0 without Landlock. */
  std::int32_t landlock;
  /** Why Landlock is unavailable: an errno, 0 if it is available. */
  std::int32_t landlock_error;
  /** Why io_uring operations cannot be filtered: an errno, 0 if they can. */
  std::int32_t ring_filter_error;
};

Probe probe();

}  // namespace seccomp_node
