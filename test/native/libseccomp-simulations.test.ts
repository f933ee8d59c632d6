// libseccomp's own simulation tests, through FilterContext: its Python programs build the filters, its tables have the
// expected actions. They are part of its source, which the build fetches.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LibseccompError } from '#lib/util/errors.js';
import * as libseccomp from '#lib/libseccomp/context.js';
import { FilterContext } from '#lib/libseccomp/context.js';
import { interpret } from '#lib/bpf/interpret.js';
import type { Program } from '#lib/bpf/program.js';
import { actionName } from '#lib/kernel/action.js';
import * as scmp from '#lib/kernel/constants.js';
import { needs26 } from '../support/libseccomp.js';
import { NATIVE } from '../support/native.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const include = execFileSync(process.execPath, ['scripts/native-sources.mjs', 'libseccomp-include'], {
  cwd: root,
  encoding: 'utf8',
}).trim();
const folder = join(root, dirname(include), 'tests');
const names = readdirSync(folder)
  .filter(name => name.endsWith('.tests') && name.includes('-sim-'))
  .map(name => basename(name, '.tests'));

type Operation = readonly [name: string, ...operands: readonly unknown[]];
type ArgumentFields = readonly [arg: number, op: number, a: string, b: string];

/** The calls of this machine by name. */
const nativeSyscalls = (): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Array.from({ length: 1000 }, (_, number) => [
      libseccomp.syscallResolveNumArch(libseccomp.archNative(), number),
      number,
    ]).filter(([name]) => name !== undefined),
  ) as Record<string, number>;

/** Tests with an exact rule that is refused; their programs catch the error. */
const REFUSED_EXACTLY = ['19-sim-missing_syscalls', '29-sim-pseudo_syscall'];

/** The operations of libseccomp's program for each test, recorded by a mock binding. */
function recordedOperations(): ReadonlyMap<string, readonly Operation[]> {
  const fixtures = join(root, 'test/fixtures/libseccomp');
  const programs = names.map(name => join(folder, `${name}.py`));
  const output = execFileSync('python3', [join(fixtures, 'record.py'), ...programs], {
    env: {
      ...process.env,
      PYTHONDONTWRITEBYTECODE: '1',
      NATIVE_SYSCALLS: JSON.stringify(nativeSyscalls()),
    },
    encoding: 'utf8',
  });
  const operations = new Map<string, Operation[]>();
  let current: Operation[] = [];
  for (const line of output.trim().split('\n')) {
    const operation = JSON.parse(line) as Operation;
    if (operation[0] === 'program') operations.set(basename(String(operation[1]), '.py'), (current = []));
    else current.push(operation);
  }
  return operations;
}

const architecture = (name: unknown): number => {
  const token = name === 'native' ? libseccomp.archNative() : libseccomp.archResolveName(String(name));
  assert.ok(token !== undefined, `libseccomp has no architecture ${String(name)}`);
  return token;
};

/** Parses the names of actions in libseccomp's tables and programs, in which KILL means the thread. */
function actionOf(word: unknown): number {
  const [, kind = '', data = '0'] = /^(\w+)(?:\((\d+)\))?$/.exec(String(word)) ?? [];
  const action = new Map([
    ['ALLOW', scmp.SCMP_ACT_ALLOW],
    ['LOG', scmp.SCMP_ACT_LOG],
    ['TRAP', scmp.SCMP_ACT_TRAP],
    ['KILL', scmp.SCMP_ACT_KILL_THREAD],
    ['KILL_THREAD', scmp.SCMP_ACT_KILL_THREAD],
    ['KILL_PROCESS', scmp.SCMP_ACT_KILL_PROCESS],
    ['NOTIFY', scmp.SCMP_ACT_NOTIFY],
    ['TRACE', scmp.SCMP_ACT_TRACE(Number(data))],
    ['ERRNO', scmp.SCMP_ACT_ERRNO(Number(data))],
  ]).get(kind);
  assert.ok(action !== undefined, `unknown action ${String(word)}`);
  return action;
}

const comparisonsOf = (fields: unknown): readonly libseccomp.Comparison[] =>
  (fields as readonly ArgumentFields[]).map(([arg, op, a, b]) => ({ arg, op, a: BigInt(a), b: BigInt(b) }));

/** Builds the filter of a test, and returns its program as bytes. */
function build(test: string, operations: readonly Operation[]): Buffer {
  const contexts = new Map<unknown, FilterContext>();
  const defaults = new Map<unknown, number>();
  let program: Buffer | undefined;
  try {
    for (const [name, id, ...operands] of operations) {
      const [first, second, third] = operands;
      if (name === 'apiSet') continue;
      if (name === 'init') {
        contexts.set(id, new FilterContext(actionOf(first)));
        defaults.set(id, actionOf(first));
        continue;
      }
      const context = contexts.get(id);
      assert.ok(context !== undefined);
      switch (name) {
        case 'reset':
          context.reset(first === null ? (defaults.get(id) ?? 0) : actionOf(first));
          break;
        case 'merge':
          context.merge(contexts.get(first) ?? assert.fail());
          break;
        case 'archAdd':
          if (!context.archExist(architecture(first))) context.archAdd(architecture(first));
          break;
        case 'archRemove':
          context.archRemove(architecture(first));
          break;
        case 'attrSet':
          context.attrSet(first as number, second as number);
          break;
        case 'syscallPriority':
          context.syscallPriority(first as string | number, second as number);
          break;
        case 'ruleAdd':
          context.ruleAdd(actionOf(first), second as string | number, ...comparisonsOf(third));
          break;
        case 'ruleAddExact': {
          const add = (): void => {
            context.ruleAddExact(actionOf(first), second as string | number, ...comparisonsOf(third));
          };
          if (REFUSED_EXACTLY.includes(test)) assert.throws(add, LibseccompError);
          else add();
          break;
        }
        case 'precompute':
          context.precompute();
          break;
        case 'transactionStart':
          context.transactionStart();
          break;
        case 'transactionReject':
          context.transactionReject();
          break;
        case 'transactionCommit':
          context.transactionCommit();
          break;
        case 'export':
          program = context.exportBpf();
          break;
        default:
          assert.fail(`unknown operation ${name}`);
      }
    }
  } finally {
    for (const context of contexts.values()) context.close();
  }
  assert.ok(program !== undefined, 'the test exports no program');
  return program;
}

/** The groups of architectures in the tables. Source: tests/regression of libseccomp. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  all_le: [
    'x86',
    'x86_64',
    'x32',
    'arm',
    'aarch64',
    'loongarch64',
    'mipsel',
    'mipsel64',
    'mipsel64n32',
    'ppc64le',
    'riscv64',
    'sh',
  ],
  all_be: [
    'm68k',
    'mips',
    'mips64',
    'mips64n32',
    'parisc',
    'parisc64',
    'ppc',
    'ppc64',
    's390',
    's390x',
    'sheb',
  ],
  all_32: [
    'x86',
    'x32',
    'arm',
    'm68k',
    'mips',
    'mipsel',
    'mips64n32',
    'mipsel64n32',
    'parisc',
    'ppc',
    's390',
    'sheb',
    'sh',
  ],
  all_64: ['x86_64', 'aarch64', 'loongarch64', 'mips64', 'parisc64', 'ppc64', 'riscv64', 's390x'],
};

/** The architectures of a row: those with + always, others if they are native, without those after -. */
function architecturesOf(list: string): readonly string[] {
  const parts = list.split(',');
  const without = parts.filter(part => part.startsWith('-')).map(part => part.slice(1));
  return parts
    .flatMap(part => {
      if (part.startsWith('-')) return [];
      if (part.startsWith('+')) return GROUPS[part.slice(1)] ?? [part.slice(1)];
      return (GROUPS[part] ?? [part]).includes(NATIVE) || part === 'all' ? [NATIVE] : [];
    })
    .filter(name => !without.includes(name));
}

/** `N` stands for any value, `2-5` for each of them. */
function valuesOf(field: string): readonly bigint[] {
  if (field === 'N') return [0n];
  const [, first, last] = /^(-?\w+)(?:-(\w+))?$/.exec(field) ?? [];
  assert.ok(first !== undefined, `bad value ${field}`);
  const low = first.startsWith('-') ? -BigInt(first.slice(1)) : BigInt(first);
  const high = last === undefined ? low : BigInt(last);
  return Array.from({ length: Number(high - low) + 1 }, (_, index) =>
    BigInt.asUintN(64, low + BigInt(index)),
  );
}

function numbersOf(field: string, arch: string): readonly number[] {
  const range = /^(-?\d+)-(\d+)$/.exec(field);
  if (range !== null) {
    const [low, high] = [Number(range[1]), Number(range[2])];
    return Array.from({ length: high - low + 1 }, (_, index) => low + index);
  }
  if (/^-?\d+$/.test(field)) return [Number(field)];
  const number = libseccomp.syscallResolveNameRewrite(architecture(arch), field);
  return [number];
}

interface Row {
  readonly archs: readonly string[];
  readonly syscall: string;
  readonly args: readonly (readonly bigint[])[];
  readonly expected: string;
}

/** The rows of the tables that have a call and its action, without those that make random calls. */
function rowsOf(name: string): readonly Row[] {
  const text = readFileSync(join(folder, `${name}.tests`), 'utf8');
  const [, ...tables] = text.split(/^test type:\s*/m);
  return tables
    .filter(table => /^bpf-sim\s*$/m.test(table.split('\n')[0] ?? ''))
    .flatMap(table => table.split('\n').slice(1))
    .filter(line => line.startsWith(name))
    .map(line => {
      const [, archs = '', syscall = '', ...rest] = line.trim().split(/\s+/);
      return {
        archs: architecturesOf(archs),
        syscall,
        args: rest.slice(0, 6).map(valuesOf),
        expected: rest[6] ?? '',
      };
    });
}

/** Every choice of one value from each list. */
const choices = (lists: readonly (readonly bigint[])[]): readonly (readonly bigint[])[] =>
  lists.reduce<readonly (readonly bigint[])[]>(
    (heads, list) => heads.flatMap(head => list.map(value => [...head, value])),
    [[]],
  );

/** A `struct seccomp_data` of either byte order, as its words. */
function dataOf(number: number, audit: number, args: readonly bigint[], bigEndian: boolean): Uint32Array {
  const words = args.flatMap(value => {
    const halves = [Number(value & 0xffff_ffffn), Number(value >> 32n)];
    return bigEndian ? halves.reverse() : halves;
  });
  return Uint32Array.from([number, audit, 0, 0, ...words]);
}

function decode(bytes: Buffer, bigEndian: boolean): Program {
  return Array.from({ length: bytes.length / 8 }, (_, index) => {
    const at = index * 8;
    return {
      code: bigEndian ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at),
      jt: bytes.readUInt8(at + 2),
      jf: bytes.readUInt8(at + 3),
      k: bigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4),
    };
  });
}

const LITTLE_ENDIAN = 0x4000_0000;
/** The AUDIT_ARCH_* value; x32 shares that of x86_64, and differs in the numbers of its calls. */
const auditOf = (arch: string): number => (arch === 'x32' ? scmp.SCMP_ARCH_X86_64 : architecture(arch));

describe("libseccomp's simulation tests", function () {
  let cases = 0;
  let operations: ReadonlyMap<string, readonly Operation[]>;

  before(function () {
    needs26(this);
    operations = recordedOperations();
  });

  for (const name of names) {
    it(name, () => {
      const bytes = build(name, operations.get(name) ?? []);
      for (const { archs, syscall, args, expected } of rowsOf(name)) {
        for (const arch of archs) {
          const audit = auditOf(arch);
          const bigEndian = (audit & LITTLE_ENDIAN) === 0;
          const program = decode(bytes, bigEndian);
          for (const number of numbersOf(syscall, arch)) {
            for (const values of choices(args)) {
              const { action } = interpret(program, dataOf(number, audit, values, bigEndian));
              const call = `${arch} ${syscall} (${number}) ${values.join(' ')}`;
              assert.equal(actionName(action), actionName(actionOf(expected)), call);
              cases += 1;
            }
          }
        }
      }
    });
  }

  it('are complete', () => {
    assert.equal(names.length, 42);

    assert.ok(cases > 5000, `${cases} cases`);
  });
});
