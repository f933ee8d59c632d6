// Rule tables of any shape through libseccomp: a program of whole instructions with its pseudo code, or a failure.
#include "../core/compile_table.h"

#include <linux/filter.h>

#include "check.h"
#include "vocabulary.h"

namespace seccomp_node {

namespace {

struct Table {
  std::vector<std::uint32_t> archs;
  std::vector<std::uint32_t> rules;
  std::vector<std::uint64_t> comparisons;
};

void push_rule(Input& input, Table& table, JointRules& joint_rules) {
  const auto arch = static_cast<std::uint32_t>(input.below(table.archs.size() + 1));
  const auto call = input.often(kCalls);
  std::vector<std::uint64_t> words;
  for (auto count = input.below(4); count > 0; --count) push_comparison(input, words);
  if (!add_if_terminating(joint_rules, {arch, call}, words)) return;
  const auto count = words.size() / Context::kComparisonWords;
  table.rules.insert(table.rules.end(), {arch, static_cast<std::uint32_t>(call), input.often(kActions),
                                         static_cast<std::uint32_t>(count)});
  table.comparisons.insert(table.comparisons.end(), words.begin(), words.end());
}

/** Sometimes makes a word invalid. Other changes could result in rules on which libseccomp does not terminate. */
void damage(Input& input, Table& table) {
  if (input.below(32) != 0) return;
  if (!table.rules.empty() && input.below(2) != 0) table.rules.back() = 0x80000000U | input.number<std::uint32_t>();
  if (input.below(2) != 0) table.rules.push_back(input.byte());
  if (input.below(2) != 0) table.comparisons.push_back(input.byte());
}

void fuzz(Input input) {
  Table table;
  for (auto count = input.below(5); count > 0; --count) table.archs.push_back(input.often(kArchs));
  const auto default_action = input.often(kActions);
  const auto bad_arch = input.often(kActions);
  const std::uint32_t optimize = input.byte() % 4;
  JointRules joint_rules;
  while (!input.empty()) push_rule(input, table, joint_rules);
  damage(input, table);
  const auto result = compile_table({.default_action = default_action,
                                     .bad_arch = bad_arch,
                                     .optimize = optimize,
                                     .archs = table.archs,
                                     .rules = table.rules,
                                     .comparisons = table.comparisons});
  if (const auto* failure = result.failure()) {
    check(failure->error > 0 && failure->function != nullptr, "a failure has an errno and names a function");
    return;
  }
  const auto& bpf = result.value().bpf;
  check(!bpf.empty() && bpf.size() % sizeof(sock_filter) == 0, "a program has whole instructions");
  check(!result.value().pfc.empty(), "a program has a pseudo code");
}

}  // namespace

}  // namespace seccomp_node

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  seccomp_node::fuzz({data, size});
  return 0;
}
