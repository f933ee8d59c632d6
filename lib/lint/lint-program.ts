// Lints programs of any origin.
import { CompileError } from '../util/errors.js';
import { ABIS, syscallNumber } from '../kernel/abi.js';
import {
  abisOf,
  architectureOption,
  ARCHITECTURES,
  nativeArchitecture,
  type AbiName,
  type Architecture,
  type ArchitectureAlias,
} from '../kernel/architectures.js';
import { actionName, isAction, permits } from '../kernel/action.js';
import { SCMP_ACT_ERRNO } from '../kernel/constants.js';
import { ownOptions } from '../util/options.js';
import { alwaysAllowed, dependsOnArguments, neverAllowed, type AbiAnswers } from './answers/answers.js';
import { lintAnswers } from './answers/answer-rules.js';
import { findings, verb, type Finding, type Observation } from './finding.js';
import { suppress, type Suppression } from './suppress.js';
import { parametersOf } from '../kernel/arguments/signatures.js';
import { programOf, type Layer } from '../filter/layers.js';
import { Bdd, type Node } from '../filter/meaning/bdd.js';
import { meaningOf } from '../filter/meaning/meaning.js';
import { successors, type Program } from '../bpf/program.js';
import { BPF } from '../bpf/opcodes.js';
import {
  archAnswers,
  abiAnswersOf,
  openedByGarbage,
  permitsForeign,
  type ArchAnswers,
} from './answers/program-answers.js';

/** Options of `lintProgram`. */
export interface LintProgramOptions {
  /** The architecture to check if the program does not test one; default: this process's. */
  readonly arch?: Architecture | ArchitectureAlias | undefined;
  /** Suppressions of intended findings. */
  readonly suppress?: readonly Suppression[] | undefined;
}

/**
 * Finds mistakes and gaps in a program. A program does not show what its author intended, so only the rules of
 * docs/lint.md that need no profile apply.
 *
 * Throws ProgramError for a program that the kernel would reject, UsageError (`bad-filter`, `bad-option`).
 */
export function lintProgram(layer: Layer, options: LintProgramOptions = {}): readonly Finding[] {
  const given = ownOptions(options, ['arch', 'suppress']);
  const { suppress: suppressions = [] } = given;
  const arch = architectureOption(given.arch);
  const program = programOf(layer);
  const observed = [...lintInstructions(program)];
  const looked: AbiName[] = [];
  try {
    const bdd = new Bdd();
    const meaning = meaningOf(bdd, program);
    const archs = archAnswers(bdd, meaning);
    for (const answers of lookedAt(bdd, archs, arch)) {
      looked.push(...answers.map(({ abi }) => abi));
      observed.push(...lintAbis(bdd, archs, answers));
    }
    observed.push(...lintForeign(bdd, meaning, archs));
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    observed.push({ code: 'undecidable-program', message: error.message });
  }
  return suppress(findings(observed, looked), suppressions);
}

/** The ABIs that a program serves, that is, for which it allows some calls, by architecture, native ones first. */
function lookedAt(
  bdd: Bdd,
  all: readonly ArchAnswers[],
  arch: Architecture | undefined,
): readonly (readonly AbiAnswers[])[] {
  const serving = all.filter(({ actions }) => actions.some(permits));
  const everyArch = serving.length === all.length;
  const families = everyArch ? [arch ?? nativeArchitecture()] : ARCHITECTURES;
  return families.map(family =>
    abisOf(family).flatMap(abi => {
      const served = serving.find(({ audit }) => audit === ABIS[abi].audit);
      if (served === undefined || (everyArch && abi !== family)) return [];
      const answers = abiAnswersOf(bdd, abi, served.section);
      return [...answers.calls.values()].every(neverAllowed) ? [] : [answers];
    }),
  );
}

function* lintAbis(
  bdd: Bdd,
  archs: readonly ArchAnswers[],
  answers: readonly AbiAnswers[],
): Generator<Observation> {
  yield* lintAnswers(answers);
  yield* lintX32(answers);
  for (const { abi, calls } of answers) {
    const section = archs.find(({ audit }) => audit === ABIS[abi].audit)?.section;
    if (ABIS[abi].width === 32 || section === undefined) continue;
    for (const [name, answer] of calls) {
      const narrow = (parametersOf(abi, name) ?? []).flatMap(({ width }, arg) => (width === 32 ? [arg] : []));
      if (!dependsOnArguments(answer) || narrow.length === 0) continue;
      const number = syscallNumber(abi, name) ?? -1;
      for (const arg of openedByGarbage(bdd, section, number, narrow)) {
        const parameter = parametersOf(abi, name)?.[arg];
        yield {
          code: 'wide-comparison',
          abi,
          calls: [name],
          about: [[`argument ${arg} of ${name} (${parameter?.type ?? ''} ${parameter?.name ?? ''})`]],
          message: args =>
            `calls are allowed because of bits above the 32 that the kernel reads: ${args.text}`,
        };
      }
    }
  }
}

/** Calls that are refused on x86_64 but allowed with their x32 numbers. */
function* lintX32(answers: readonly AbiAnswers[]): Generator<Observation> {
  const native = answers.find(({ abi }) => abi === 'x86_64');
  const x32 = answers.find(({ abi }) => abi === 'x32');
  if (native === undefined || x32 === undefined) return;
  const evaded = [...native.calls].filter(([name, answer]) => {
    const other = x32.calls.get(name);
    return !alwaysAllowed(answer) && other !== undefined && alwaysAllowed(other);
  });
  const [first] = evaded;
  if (first === undefined) return;
  const more = evaded.length > 1 ? ` (and ${evaded.length - 1} more)` : '';
  yield {
    code: 'x32-open',
    message: `${first[0]}${more} is allowed with its x32 number, but not with that of x86_64`,
  };
}

function* lintForeign(bdd: Bdd, meaning: Node, all: readonly ArchAnswers[]): Generator<Observation> {
  if (permitsForeign(bdd, meaning)) {
    yield {
      code: 'foreign-abi-open',
      message: 'calls of any architecture are handled, and some are allowed',
    };
    return;
  }
  const served = all.filter(({ actions }) => actions.some(permits));
  const open = served.filter(({ actions }) => actions.every(permits));
  if (open.length === served.length) return;
  for (const answers of open) {
    const { name } = Object.values(ABIS).find(({ audit }) => audit === answers.audit) ?? ABIS.x86_64;
    yield { code: 'foreign-abi-open', message: `every call of ${name} is allowed` };
  }
}

/** Checks single instructions: their return values, and whether they are reachable. */
function* lintInstructions(program: Program): Generator<Observation> {
  const reached = new Set([0]);
  for (const index of reached) for (const next of successors(program, index)) reached.add(next);
  const dead = program.flatMap((_, index) => (reached.has(index) ? [] : [index]));
  // Programs of libseccomp end with a superfluous return.
  if (dead.some(index => index < program.length - 1)) {
    yield {
      code: 'unreachable-code',
      message: `no call reaches ${dead.length === 1 ? 'instruction' : 'instructions'} ${dead.slice(0, 8).join(', ')}${dead.length > 8 ? ' …' : ''}`,
    };
  }
  for (const [index, { code: opcode, k }] of program.entries()) {
    if (opcode !== BPF.RET_K || !reached.has(index)) continue;
    const code = !isAction(k) ? 'unknown-action' : k === SCMP_ACT_ERRNO(0) ? 'errno-zero' : undefined;
    if (code === undefined) continue;
    yield {
      code,
      about: [[String(index)]],
      cause: actionName(k),
      message: list =>
        `${verb(list, 'instruction', 'instructions')} ${list.text} ${verb(list, 'returns', 'return')} ${actionName(k)}`,
    };
  }
}
