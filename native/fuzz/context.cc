// All operations of a filter context except load, in any order, on two contexts that can be merged.
#include "../core/context.h"

#include "check.h"
#include "vocabulary.h"

namespace seccomp_node {

namespace {

struct Subject {
  Context context;
  JointRules joint_rules;
};

void failed_properly(const Failure* failure) {
  check(failure == nullptr || (failure->error > 0 && failure->function != nullptr),
        "a failure has an errno and names a function");
}
void failed_properly(const Status& status) { failed_properly(status ? &*status : nullptr); }

void add_rule(Input& input, Subject& subject) {
  const bool exact = input.below(4) == 0;
  const auto action = input.often(kActions);
  const auto call = input.often(kCalls);
  std::vector<std::uint64_t> words;
  for (auto count = input.below(5); count > 0; --count) push_comparison(input, words);
  if (add_if_terminating(subject.joint_rules, {0, call}, words))
    failed_properly(subject.context.rule_add(exact, action, call, words));
}

void merge(Subject& subject, Subject& other) {
  const auto failed = subject.context.merge(other.context);
  failed_properly(failed);
  if (!failed) subject.joint_rules.merge(other.joint_rules);
}

void step(Input& input, Subject& subject, Subject& other) {
  auto& context = subject.context;
  switch (input.below(17)) {
    case 0:
      failed_properly(context.arch_add(input.often(kArchs)));
      break;
    case 1:
      failed_properly(context.arch_remove(input.often(kArchs)));
      break;
    case 2:
      failed_properly(context.arch_exist(input.often(kArchs)).failure());
      break;
    case 3:
      failed_properly(context.attr_get(input.below(16)).failure());
      break;
    case 4: {
      const auto attribute = static_cast<std::uint32_t>(input.below(16));
      failed_properly(context.attr_set(attribute, input.byte() % 4));
      break;
    }
    case 5:
      failed_properly(context.attr_set(SCMP_FLTATR_ACT_BADARCH, input.often(kActions)));
      break;
    case 6:
      failed_properly(context.syscall_priority(input.often(kCalls), input.byte()));
      break;
    case 7:
      failed_properly(context.transaction_start());
      break;
    case 8:
      failed_properly(context.transaction_reject());
      break;
    case 9:
      failed_properly(context.transaction_commit());
      break;
    case 10:
      failed_properly(context.precompute());
      break;
    case 11:
      failed_properly(context.export_bpf().failure());
      break;
    case 12:
      failed_properly(context.export_pfc().failure());
      break;
    case 13: {
      const auto failed = context.reset(input.often(kActions));
      failed_properly(failed);
      if (!failed) subject.joint_rules = {};
      break;
    }
    case 14:
      // Released contexts refuse everything, so this is rare.
      if (input.below(16) == 0) context.release();
      break;
    case 15:
      // Sometimes into itself, which must be refused.
      merge(subject, input.below(8) == 0 ? subject : other);
      break;
    default:
      add_rule(input, subject);
  }
}

void fuzz(Input input) {
  auto first = Context::init(input.often(kActions));
  auto second = Context::init(input.often(kActions));
  failed_properly(first.failure());
  failed_properly(second.failure());
  if (first.failure() != nullptr || second.failure() != nullptr) return;
  std::array<Subject, 2> subjects{Subject{std::move(first.value()), {}}, Subject{std::move(second.value()), {}}};
  while (!input.empty()) {
    const auto which = input.below(2);
    step(input, subjects[which], subjects[1 - which]);
  }
  for (auto& [context, joint_rules] : subjects) {
    failed_properly(context.export_pfc().failure());
    failed_properly(context.export_bpf().failure());
  }
}

}  // namespace

}  // namespace seccomp_node

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  seccomp_node::fuzz({data, size});
  return 0;
}
