// Loads a program with seccomp(2) itself, to get the errno and the diverging thread.
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "result.h"

namespace seccomp_node {

/** A failed load, and the thread that could not adopt the filter (TSYNC), if there is one. */
struct LoadFailure {
  Failure failure;
  std::int32_t thread_id = 0;
  std::string thread_name{};
};

/** The notification listener, -1 for none. */
struct Listener {
  std::int32_t descriptor;
};

/** Whether bytes can be a program: whole instructions, at least one, at most the kernel's limit. */
bool is_program_size(std::size_t bytes);

/** A copy of a program of valid size, which cannot change during the load. */
class Program {
 public:
  static Result<Program> copy(std::span<const std::byte> bytes);

  /** Only calls seccomp(2), so it is async-signal-safe. Returns the kernel's result, or -1 with errno. */
  [[nodiscard]] long load(std::uint32_t flags) const;

 private:
  explicit Program(std::vector<sock_filter> instructions) : instructions_(std::move(instructions)) {}

  std::vector<sock_filter> instructions_;
};

/** prctl(2) PR_SET_NO_NEW_PRIVS. */
Status set_no_new_privs();

/**
 * Makes the kernel kill this process when the thread that started it ends: prctl(2) PR_SET_PDEATHSIG. Returns false if
 * the signal would never come, because that thread has ended: `parent` is no longer the parent, or the other end of
 * `channel` is closed.
 */
bool end_with_parent(std::int32_t parent, std::int32_t channel);

/** A positive result of seccomp(2) without a listener: the id of a thread that has another filter. */
LoadFailure divergence(long answer);

/** Whether a positive result of seccomp(2) is a thread id. */
bool names_thread(long answer, std::uint32_t flags);

std::variant<Listener, LoadFailure> load_filter(std::span<const std::byte> program, std::uint32_t flags,
                                                bool no_new_privs);

/** Id of the calling thread. */
std::int32_t thread_id();

}  // namespace seccomp_node
