// Compiles a rule table with libseccomp in one step: rules per architecture in, program and pseudo code out.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "context.h"
#include "result.h"

namespace seccomp_node {

/** Views of the caller's memory, which is copied first. */
struct RuleTable {
  /** Numbers that describe a rule: index into archs, number on that architecture, action, number of comparisons. */
  static constexpr std::size_t kRuleWords = 4;

  std::uint32_t default_action;
  std::uint32_t bad_arch;
  /** SCMP_FLTATR_CTL_OPTIMIZE. */
  std::uint32_t optimize;
  /** SCMP_ARCH_* tokens. */
  std::span<const std::uint32_t> archs;
  std::span<const std::uint32_t> rules;
  /** As Context::rule_add takes them, rule by rule. */
  std::span<const std::uint64_t> comparisons;
};

struct CompiledTable {
  Bytes bpf;
  std::string pfc;
};

Result<CompiledTable> compile_table(const RuleTable& table);

}  // namespace seccomp_node
