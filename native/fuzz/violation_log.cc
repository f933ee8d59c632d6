// The table of refused calls, under any sequence of calls and reads: every call is counted once, in an entry for such
// calls or as dropped.
#include "../core/violation_log.h"

#include <memory>

#include "check.h"
#include "input.h"

namespace seccomp_node {

namespace {

ThreadName name_of(std::uint32_t thread) {
  ThreadName name{};
  // No terminating zero: the kernel truncates names, and the log must too.
  name.fill(static_cast<char>('a' + thread % 26));
  return name;
}

RefusedCall read_call(Input& input) {
  // Few sites, so that a site fills its part of the table.
  RefusedCall call{0xc000003e,
                   static_cast<std::uint32_t>(input.below(4)),
                   1,
                   static_cast<std::uint32_t>(input.below(3)),
                   input.below(4),
                   {}};
  call.args[input.below(call.args.size())] = input.byte();
  return call;
}

void fuzz(Input input) {
  const auto log = std::make_unique<ViolationLog>();
  std::uint64_t recorded = 0;
  std::uint64_t taken = 0;
  const auto take = [&] {
    for (const auto& violation : log->take()) {
      check(violation.count > 0, "an entry stands for a call at least");
      check(violation.call.number < 4 && violation.call.error == 1, "an entry is one of the calls");
      check(violation.thread_name.size() == 15, "a name is cut where it ends");
      taken += violation.count;
    }
  };
  while (!input.empty()) {
    switch (input.below(32)) {
      case 0:
        take();
        break;
      case 1:
        if (input.below(8) != 0) break;
        log->clear();
        recorded = taken = 0;
        break;
      default: {
        const auto call = read_call(input);
        log->record(call, [&] { return name_of(call.thread_id); });
        ++recorded;
      }
    }
  }
  take();
  check(taken + log->dropped() == recorded, "no call is lost, none is counted twice");
  check(log->take().empty(), "what was taken is there no more");
}

}  // namespace

}  // namespace seccomp_node

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  seccomp_node::fuzz({data, size});
  return 0;
}
