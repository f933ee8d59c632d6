#include "processes.h"

#include "../freestanding/files.h"
#include "../freestanding/memory.h"

namespace seccomp_node {

Processes::Processes(Summary& summary) : summary_(summary), known_(allocate<Known>(kKnown)) {}

std::uint32_t Processes::program_of(std::uint32_t process) {
  auto& known = place(process);
  if (known.process != process || known.executing) known = {process, look_up(process), false};
  return known.program;
}

void Processes::forked(std::uint32_t parent, std::uint32_t child) {
  const std::uint32_t program = program_of(parent);
  place(child) = {child, program, false};
}

void Processes::executing(std::uint32_t process) { place(process) = {process, kUnknownPerfProgram, true}; }

bool Processes::is_executing(std::uint32_t process) const {
  const auto& known = place(process);
  return known.process == process && known.executing;
}

void Processes::mapped(std::uint32_t process, const char* path) {
  if (is_executing(process) && *path == '/') place(process) = {process, summary_.program(path), false};
}

std::uint32_t Processes::look_up(std::uint32_t process) {
  PerfProgram found{};
  if (process == 0) return kUnknownPerfProgram;
  const long length = system_call(SYS_readlinkat, kCurrentDirectory, word(ProcPath(process, "/exe").text()),
                                  word(found.path), sizeof found.path - 1);
  return length <= 0 ? kUnknownPerfProgram : summary_.program(found.path);
}

}  // namespace seccomp_node
