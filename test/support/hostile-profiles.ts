// Profiles of moderate size that are designed to exhaust parsing, resolving, compiling or linting.
import { syscallsOf } from '#lib/kernel/abi.js';
import { Random } from './random.js';

/** A profile, named by its effect. */
export interface HostileProfile {
  readonly name: string;
  readonly text: () => string;
}

interface Condition {
  readonly index: number;
  readonly op: string;
  readonly value: number;
  readonly valueTwo?: number;
}

const ACTIONS = ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_KILL'] as const;
const OPERATORS = ['EQ', 'NE', 'GE', 'GT', 'LE', 'LT'];

const compare = (index: number, op: string, value: number, valueTwo?: number): Condition => ({
  index,
  op: `SCMP_CMP_${op}`,
  value,
  ...(valueTwo !== undefined && { valueTwo }),
});

const profileOf = (syscalls: readonly unknown[]): string =>
  JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    syscalls,
  });

const list = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));

const NAMES = [...syscallsOf('x86_64').keys()];

/** Rules with random conditions, shared by all names or different for each name. */
function rulesFor(
  names: number,
  rules: number,
  how: 'shared' | 'own',
  args: (random: Random, index: number) => readonly Condition[],
): string {
  const random = new Random(7);
  const own = NAMES.slice(0, names);
  const groups = how === 'shared' ? [own] : own.map(name => [name]);
  return profileOf(
    groups.flatMap(group =>
      list(rules, index => ({ names: group, action: random.pick(ACTIONS), args: args(random, index) })),
    ),
  );
}

const ALL_ARGUMENTS = [0, 1, 2, 3, 4, 5];
const twoComparisons = (random: Random): readonly Condition[] =>
  [0, 1].map(arg => compare(arg, random.pick(['GE', 'LT']), random.word()));
const everyArgument =
  (operators: readonly string[]) =>
  (random: Random): readonly Condition[] =>
    ALL_ARGUMENTS.map(arg => compare(arg, random.pick(operators), random.word()));

/** Equal lists of rules on many calls: 0.24 MB. */
export const SHARED_RULES = (): string => rulesFor(110, 200, 'shared', twoComparisons);

/** Profiles of every kind. */
export const HOSTILE_PROFILES: readonly HostileProfile[] = [
  { name: '200 rules that 110 calls share', text: SHARED_RULES },
  { name: '100 rules for each of 110 calls', text: () => rulesFor(110, 100, 'own', twoComparisons) },
  { name: '20 rules for each of 300 calls', text: () => rulesFor(300, 20, 'own', twoComparisons) },
  { name: '100 rules on six arguments', text: () => rulesFor(1, 100, 'own', everyArgument(OPERATORS)) },
  { name: '60 rules on six arguments, by order', text: () => rulesFor(1, 60, 'own', everyArgument(['GE'])) },
  { name: '500 rules of six NE each', text: () => rulesFor(1, 500, 'own', everyArgument(['NE'])) },
  {
    name: '5000 rules of one NE each',
    text: () => rulesFor(1, 5000, 'own', random => [compare(0, 'NE', random.word())]),
  },
  {
    name: '5000 rules of overlapping masks',
    text: () =>
      rulesFor(1, 5000, 'own', random => [
        compare(0, 'MASKED_EQ', random.word() & random.word() & 0x7fffffff, 0),
      ]),
  },
  {
    name: '60 rules of two masks each',
    text: () =>
      rulesFor(1, 60, 'own', random =>
        [0, 1].map(arg =>
          compare(arg, 'MASKED_EQ', random.word() & random.word() & 0x7fffffff, random.word()),
        ),
      ),
  },
  {
    name: 'a staircase of 1000 rules on two arguments',
    text: () =>
      rulesFor(1, 1000, 'own', (_, step) => [
        compare(0, 'GE', 10 * step),
        compare(1, 'LT', 20_000 - 10 * step),
      ]),
  },
  {
    name: 'a grid of 300 by 300',
    text: () =>
      profileOf(
        list(90_000, cell => ({
          names: ['ioctl'],
          action: 'SCMP_ACT_ALLOW',
          args: [compare(0, 'EQ', 7 * Math.floor(cell / 300)), compare(1, 'EQ', 11 * cell)],
        })),
      ),
  },
  {
    name: 'two rules of 60,000 conditions',
    text: () =>
      profileOf(
        ACTIONS.slice(0, 2).map(action => ({
          names: ['ioctl'],
          action,
          args: list(60_000, value => compare(0, 'NE', value)),
        })),
      ),
  },
  {
    name: 'a list of 30,000 unknown names',
    text: () =>
      profileOf([{ names: list(30_000, index => `unknwon_sycall_${index}`), action: 'SCMP_ACT_ALLOW' }]),
  },
  {
    name: 'one name 200,000 times',
    text: () =>
      profileOf([
        { names: list(200_000, () => 'read'), action: 'SCMP_ACT_ALLOW', args: [compare(0, 'EQ', 1)] },
      ]),
  },
  {
    name: '20,000 rules that 300 names repeat',
    text: () => profileOf(list(800, index => ({ names: NAMES.slice(0, 300), action: ACTIONS[index % 3] }))),
  },
];
