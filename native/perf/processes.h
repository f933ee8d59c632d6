// Which program each process runs.
#pragma once

#include <cstdint>

#include "summary.h"

namespace seccomp_node {

class Processes {
 public:
  explicit Processes(Summary& summary);

  /** Whether there was memory for it. */
  [[nodiscard]] bool valid() const { return known_ != nullptr; }

  std::uint32_t program_of(std::uint32_t process);

  void forked(std::uint32_t parent, std::uint32_t child);

  /** The file that is mapped next is the program. */
  void executing(std::uint32_t process);
  [[nodiscard]] bool is_executing(std::uint32_t process) const;
  void mapped(std::uint32_t process, const char* path);

 private:
  struct Known {
    std::uint32_t process;
    std::uint32_t program;
    bool executing;
  };
  static constexpr std::uint32_t kKnown = 65536;

  [[nodiscard]] Known& place(std::uint32_t process) const { return known_[process % kKnown]; }
  std::uint32_t look_up(std::uint32_t process);

  Summary& summary_;
  Known* known_;
};

}  // namespace seccomp_node
