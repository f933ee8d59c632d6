// The content of a report as plain data, without layout.
import type { Filter } from '../filter/filter.js';
import type { Layers } from '../filter/layers.js';
import { explain } from '../filter/inspect/explain.js';
import { annotate } from '../bpf/listing/disassemble.js';
import type { Program } from '../bpf/program.js';
import type { ProgramMetrics } from '../filter/inspect/metrics.js';
import { actionName } from '../kernel/action.js';
import type { Profile } from '../profile/profile.js';
import { elsewhere, abiData, type AbiData, type CallRemark } from './calls.js';
import { compare, type DifferenceData } from './comparison.js';
import type { FindingData } from './findings.js';
import { flowOf, type Flow } from './flow.js';
import { ruleData, type RuleData } from './rules.js';
import { owned } from '../util/own.js';

/** The subject of a report: a program, and its origin as far as it is known. */
export interface ReportSubject {
  readonly name: string;
  readonly program: Program;
  /** Present if the program was compiled from a policy. */
  readonly filter?: Filter;
  /** Present if the policy came from a profile. */
  readonly profile?: Profile;
  /** The text of the profile, if any. */
  readonly text?: string;
}

/** The target of the program, and its cost. */
export interface SummaryData {
  readonly instructions: number;
  readonly policy?: {
    readonly arch: string;
    readonly kernel: string;
    readonly capabilities: readonly string[];
    readonly defaultAction: string;
    readonly badArch: string;
    readonly flags: readonly string[];
    readonly codegen: string;
    readonly report: ProgramMetrics;
  };
}

/** One instruction of the program, with a description. */
export interface InstructionData {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
  readonly text: string;
}

/** The content of a page. */
export interface ReportData {
  readonly name: string;
  readonly summary: SummaryData;
  readonly abis: readonly AbiData[];
  /** ABIs and architectures that have one action for all calls. */
  readonly elsewhere: readonly CallRemark[];
  readonly rules: readonly RuleData[];
  readonly findings: readonly FindingData[];
  /** The lines of the profile. */
  readonly source: readonly string[];
  readonly program: readonly InstructionData[];
  readonly flow: Flow;
  readonly comparison?: { readonly name: string; readonly differences: readonly DifferenceData[] };
}

/**
 * Collects the data of a report about a program, and of its differences from others. Throws as `explain` and `diff`
 * do.
 */
export function reportData(
  subject: ReportSubject,
  findings: readonly FindingData[],
  against?: { readonly name: string; readonly layers: Layers },
): ReportData {
  const { name, program, filter, profile, text } = owned(subject);
  const explanation = explain(program);
  const rules = profile === undefined || filter === undefined ? [] : ruleData(profile, filter.policy);
  return {
    name,
    summary: summaryOf(program, filter),
    abis: abiData(explanation, filter?.policy, rules),
    elsewhere: elsewhere(explanation, filter?.policy),
    rules,
    findings,
    source: text === undefined ? [] : text.split(/\r\n|\n|\r/),
    program: annotate(program).map(({ code, jt, jf, k, text: words }) => ({ code, jt, jf, k, text: words })),
    flow: flowOf(program),
    ...(against !== undefined && {
      comparison: { name: against.name, differences: compare(program, against.layers) },
    }),
  };
}

function summaryOf(program: Program, filter: Filter | undefined): SummaryData {
  const instructions = program.length;
  if (filter === undefined) return { instructions };
  const { target, defaultAction, badArch, flags } = filter.policy;
  return {
    instructions,
    policy: {
      arch: target.arch,
      kernel: `${target.kernel.major}.${target.kernel.minor}`,
      capabilities: [...target.capabilities],
      defaultAction: actionName(defaultAction),
      badArch: actionName(badArch),
      flags,
      codegen: filter.codegen,
      report: filter.metrics,
    },
  };
}
