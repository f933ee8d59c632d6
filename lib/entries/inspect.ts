/**
 * The entry point `seccomp/inspect`: all functions to inspect profiles, policies and programs. It does not touch any process.
 *
 * @module seccomp/inspect
 */
export * from './verbs.js';
export { ABIS, syscallName, syscallNumber } from '../kernel/abi.js';
export { actionName } from '../kernel/action.js';
export { nameValue, parseValue } from '../kernel/arguments/named-values.js';
export { reasonFor } from '../policy/reason.js';
export { parseEvent } from '../policy/parse-event.js';
export type { NamedArgument } from '../kernel/arguments/named-arguments.js';
export { parametersOf, type Parameter, type ParameterKind } from '../kernel/arguments/signatures.js';
export { makeTarget } from '../policy/target.js';
export { describeRemedy, remedyFor } from '../policy/remedy.js';
export { withNotifications, type NotificationOptions } from '../policy/with-notifications.js';
export { NEVER_TRAPPED, withTraps, type TrapOptions } from '../policy/with-traps.js';
export type {
  FirecrackerFile,
  FirecrackerFilter,
  FirecrackerRule,
} from '../profile/formats/firecracker/filters.js';
export { parseFirecracker } from '../profile/formats/firecracker/parse.js';
export { resolveFirecracker, type FirecrackerOptions } from '../profile/formats/firecracker/resolve.js';
export { convert, type ConversionFormat, type ConvertOptions } from '../filter/convert.js';
export { decompile, type DecompileOptions } from '../filter/decompile/decompile.js';
export { lintProgram, type LintProgramOptions } from '../lint/lint-program.js';
export { formatFinding } from '../lint/finding.js';
export { RULES as LINT_RULES } from '../lint/rules.js';
export { applyBaseline, makeBaseline, type Baseline } from '../lint/baseline.js';
export { toSarif, type SarifLog, type SarifOptions } from '../lint/sarif.js';
export { assemble, type AssembleOptions } from '../bpf/assemble/assemble.js';
export { readProgramText } from '../bpf/assemble/read-program.js';
export { toC } from '../bpf/c-array.js';
export { annotate, type AnnotatedInstruction, type AnnotateOptions } from '../bpf/listing/disassemble.js';
export { interpret, seccompData, type ProgramRun } from '../bpf/interpret.js';
export type { Optimize } from '../libseccomp/generate.js';
export { composeLayers } from '../filter/compose.js';
export { simulator } from '../filter/inspect/simulator.js';
export {
  findDisagreement,
  findExcess,
  isEquivalent,
  isSubset,
  type Disagreement,
} from '../filter/inspect/compare.js';
export { formatDiff, formatExplanation, type FormatExplanationOptions } from '../filter/inspect/format.js';
export { htmlReport, type Reported, type ReportOptions } from '../report/report.js';
export { callGroups, groupsOf } from '../kernel/calls/call-groups.js';
export { htmlPlayground, type PlaygroundOptions } from '../report/playground/page.js';
export { BASE_CALLS, NEEDED_CALLS, THREAD_CALLS } from '../kernel/calls/base-calls.js';
