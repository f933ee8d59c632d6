// Measures how time and length grow with the number of rules, and the limit of each generator.
import { resolveProfile } from '../../dist/entries/inspect.js';
import { compilePolicy } from '../../dist/filter/compile.js';
import { syscallsOf } from '../../dist/kernel/abi.js';
import { syscallResolveName } from '../../dist/libseccomp/context.js';
import { MAX_INSTRUCTIONS } from '../../dist/bpf/program.js';
import { blocks, spread, table } from './format.mjs';
import { nativeArch } from './input.mjs';
import { startCompiler } from './libseccomp-programs.mjs';
import { interleave, summarize, time } from './statistics.mjs';

export const title = 'Many rules';

/** Distinct unordered values, the same in every run, so that neighbours cannot merge. */
function irregular() {
  const seen = new Set();
  let state = 1;
  return () => {
    do state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    while (seen.has(state >>> 8));
    seen.add(state >>> 8);
    return state >>> 8;
  };
}

const equal = (index, value) => ({ index, value, op: /** @type {const} */ ('SCMP_CMP_EQ') });

/** @param {import('../../dist/entries/index.js').SeccompProfile['syscalls']} syscalls */
function policyOf(syscalls) {
  const native = nativeArch === 'x86_64' ? 'SCMP_ARCH_X86_64' : 'SCMP_ARCH_AARCH64';
  return resolveProfile({ defaultAction: 'SCMP_ACT_ERRNO', architectures: [native], syscalls });
}

const allow = (name, ...args) => ({ names: [name], action: /** @type {const} */ ('SCMP_ACT_ALLOW'), args });

/** Native calls that libseccomp knows, spread over all numbers so that allowed numbers are not neighbours. */
function someCalls(count) {
  const names = [...syscallsOf(nativeArch).keys()].filter(name => syscallResolveName(name) >= 0);
  return Array.from({ length: count }, (_, index) => names[Math.floor((index * names.length) / count)]);
}

/** `values` rules for each of `calls` calls; each rule compares one argument. */
function list(calls, values) {
  const next = irregular();
  return policyOf(
    someCalls(calls).flatMap(name => Array.from({ length: values }, () => allow(name, equal(0, next())))),
  );
}

/** Rules for one call that combine each of `side` values of one argument with `side` values of another. */
function grid(side) {
  const next = irregular();
  const rows = Array.from({ length: side }, next);
  return policyOf(
    rows.flatMap(row => Array.from({ length: side }, () => allow('ioctl', equal(0, row), equal(1, next())))),
  );
}

const LISTS = [
  [10, 1],
  [50, 2],
  [250, 4],
  [256, 16],
];
const GRIDS = [2, 4, 8, 16, 32, 64];

const CASES = [
  ...LISTS.map(([calls, values]) => ({
    name: `${calls * values}: ${calls} calls × ${values}`,
    rules: calls * values,
    make: () => list(calls, values),
  })),
  ...GRIDS.map(side => ({
    name: `${side * side}: one call, ${side} × ${side}`,
    rules: side * side,
    make: () => grid(side),
  })),
];

export async function measure({ quick }) {
  const plan = quick ? { rounds: 2, warmUp: 1 } : { rounds: 15, warmUp: 5 };
  const patience = quick ? 10 : 60;
  const rows = [];
  for (const { name, rules, make } of CASES) {
    if (quick && rules > 1000) continue;
    rows.push({ name, ...(await measureCase(make, plan, patience)) });
  }
  return { rows, patience };
}

async function measureCase(make, plan, patience) {
  const resolved = attempt(make);
  if (resolved.error !== undefined) return { ours: resolved, linear: {}, tree: {} };
  const policy = resolved.value;
  const compiler = await startCompiler('C', policy);
  if ('missing' in compiler) throw new Error(`${compiler.missing} is not installed`);
  const subjects = {
    ours: () => oursOnce(policy),
    linear: () => othersOnce(compiler, 1, patience),
    tree: () => othersOnce(compiler, 2, patience),
  };
  // Slow or failing cases are repeated less often.
  const first = {};
  for (const [key, subject] of Object.entries(subjects)) first[key] = await subject();
  const slow = Object.values(first).some(({ ms = 0 }) => ms > 1000);
  const lasting = Object.entries(subjects).filter(
    ([key]) => first[key].error === undefined || key === 'ours',
  );
  const samples = await interleave(Object.fromEntries(lasting), slow ? { rounds: 1 } : plan);
  compiler.close();
  return Object.fromEntries(
    Object.entries(first).map(([key, { error, instructions }]) => [
      key,
      { error, instructions, ms: samples[key] && summarize(samples[key].map(({ ms }) => ms)) },
    ]),
  );
}

function attempt(call) {
  try {
    return { value: call() };
  } catch (error) {
    return { error: error.code === undefined ? error.message : `\`${error.code}\`` };
  }
}

function oursOnce(policy) {
  /** @type {{ value?: number, error?: string }} */
  let result = {};
  const ms = time(() => (result = attempt(() => compilePolicy(policy).instructions)));
  return { ms, instructions: result.value, error: result.error };
}

async function othersOnce(compiler, optimize, patience) {
  try {
    return await compiler.compile(optimize, patience);
  } catch (error) {
    return { error: error.message };
  }
}

function cells({ ms, instructions, error }) {
  const length =
    instructions === undefined
      ? error
      : instructions > MAX_INSTRUCTIONS
        ? `${instructions}, more than the kernel takes`
        : String(instructions);
  return [ms === undefined ? '—' : spread(ms), length ?? '—'];
}

const HEAD = [
  'Rules',
  ...['Ours', 'libseccomp linear', 'libseccomp tree'].flatMap(name => [`${name}, ms`, 'Instructions']),
];

export const render = ({ rows }) =>
  blocks(
    `Rules that allow calls for single values of an argument, or for pairs of values of two arguments, on the native ABI. The values are
irregular, so that almost nothing can be merged. The columns have milliseconds and the number of instructions, or the code of the error.
Ours includes the proof. libseccomp is called from C without checks.`,
    table(
      HEAD,
      rows.map(({ name, ours, linear, tree }) => [name, ...cells(ours), ...cells(linear), ...cells(tree)]),
    ),
  );
