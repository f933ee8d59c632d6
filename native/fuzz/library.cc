// Resolves any names and numbers of calls and architectures: resolving the result back returns the same.
#include "../core/library.h"

#include <seccomp.h>

#include "check.h"
#include "vocabulary.h"

namespace seccomp_node {

namespace {

void fuzz(Input input) {
  const auto arch = input.often(kArchs);
  const auto number = input.often(kCalls);
  if (const auto name = syscall_resolve_num_arch(arch, number)) {
    // Not always the same number: libseccomp knows numbers of x32 both with and without the x32 bit.
    const auto again = syscall_resolve_name_arch(arch, *name);
    check(syscall_resolve_num_arch(arch, again) == name, "the number of a name has that name");
  }
  const auto name = input.text(64);
  const auto found = syscall_resolve_name_arch(arch, name);
  if (found >= 0) check(syscall_resolve_num_arch(arch, found).has_value(), "a number of a name has a name");
  syscall_resolve_name_rewrite(arch, name);
  syscall_resolve_name(name);
  arch_resolve_name(name);
  if (api_set(input.byte())) check(api_get() > 0, "a level that is refused changes nothing");
}

}  // namespace

}  // namespace seccomp_node

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  seccomp_node::fuzz({data, size});
  return 0;
}
