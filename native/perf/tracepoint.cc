#include "tracepoint.h"

#include <linux/errno.h>

#include "../freestanding/files.h"

namespace seccomp_node {

namespace {

std::uint64_t read_id(const File& file) {
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): there is no standard library.
  char text[32]{};
  const auto size = file.valid() ? file.read(text, sizeof text) : 0;
  std::uint64_t id = 0;
  for_each_number(text, size, [&id](unsigned number) { id = number; });
  return id;
}

}  // namespace

long find_tracepoint(std::uint64_t& id) {
  id = read_id(File::open("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id"));
  if (id == 0) id = read_id(File::open("/sys/kernel/debug/tracing/events/raw_syscalls/sys_enter/id"));
  if (id != 0) return 0;
  // tracefs is not mounted, so mount it privately.
  constexpr long kFsopen = 430;
  constexpr long kFsconfig = 431;
  constexpr long kFsmount = 432;
  constexpr long kCreate = 6;
  const File context(system_call(kFsopen, word("tracefs"), 1));
  if (!context.valid()) return -context.number();
  if (const long error = system_call(kFsconfig, context.number(), kCreate, 0, 0, 0); error < 0) return -error;
  const File mount(system_call(kFsmount, context.number(), 1, 0));
  if (!mount.valid()) return -mount.number();
  id = read_id(File::open("events/raw_syscalls/sys_enter/id", mount.number()));
  return id == 0 ? ENOENT : 0;
}

}  // namespace seccomp_node
