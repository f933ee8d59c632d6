// Properties of Object.prototype, which a careless merge of JSON may add, are never used as options.
import assert from 'node:assert/strict';
import { spawnSync as plainSpawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { inChild, told } from '../support/child.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Types of other values from callers, besides options. */
const RECORDS = [
  'Event',
  'Answer',
  'Suppression',
  'Finding',
  'Baseline',
  'SentProcess',
  'Comparison',
  'Policy',
];
/** Node's options that are in no exported type, and variables that affect a dynamic linker. */
const NODES = ['input', 'encoding', 'maxBuffer', 'LD_PRELOAD', 'NODE_OPTIONS', 'failed', '__proto', 'argv0'];

/** The names of all properties of exported types that are options or records, so that new ones are covered. */
function optionNames(): readonly string[] {
  const file = `${root}dist/entries/index.d.ts`;
  const program = ts.createProgram([file], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2023,
    types: ['node'],
    typeRoots: [`${root}node_modules/@types`],
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  assert.ok(module, 'the declarations of the package can be read');
  const names = checker
    .getExportsOfModule(module)
    .filter(({ name }) => name.endsWith('Options') || RECORDS.includes(name))
    .flatMap(symbol => {
      const type = checker.getDeclaredTypeOfSymbol(
        symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
      );
      return (type.isUnion() ? type.types : [type]).flatMap(part =>
        part.getProperties().map(({ name }) => name),
      );
    });
  return [...new Set([...names, ...NODES])].sort();
}

/** The options with the largest effect on a child. The synchronous functions, which share their option reader, get every name. */
const DECIDING: readonly string[] = [
  ...['env', 'execArgv', 'execPath', 'load', 'uid', 'cwd', 'profile', 'isolation'],
  ...[
    'argv0',
    'detached',
    'gid',
    'noNewPrivs',
    'reportOnly',
    'serialization',
    'shell',
    'silent',
    'stdio',
    'timeout',
  ],
];

/** Code for the child: `outcomes(action)` returns the results or errors of an action, alone and under each pollution. */
const POLLUTION = (names: readonly string[]): string => `
  const names = ${JSON.stringify(names)};
  const described = value => m('node:util').inspect(value, { depth: 12, maxArrayLength: null, maxStringLength: null, sorted: true });
  const attempt = action => {
    try { return { value: action() }; } catch (error) { return { thrown: [Object.hasOwn(error, 'code') ? error.code : '', error.message] }; }
  };
  const polluted = (name, value, action) => {
    const set = [name].flat();
    for (const each of set) Object.prototype[each] = value;
    try { return action(); } finally { for (const each of set) delete Object.prototype[each]; }
  };
  /** The pollutions under which an action says something else. Many at once, and one at a time where they make a difference. */
  const changes = (action, values) => {
    const expected = described(attempt(action));
    const changing = (set, value) => {
      const outcome = polluted(set, value, () => attempt(action));
      const found = described(outcome);
      if (found === expected) return [];
      if (set.length === 1) return [[set[0], described(value), expected.slice(0, 300), found.slice(0, 300)]];
      const half = set.length >> 1;
      return [...changing(set.slice(0, half), value), ...changing(set.slice(half), value)];
    };
    const sets = Array.from({ length: Math.ceil(names.length / 16) }, (_, index) => names.slice(16 * index, 16 * index + 16));
    return values.flatMap(value => sets.flatMap(set => changing(set, value)));
  };
  let count = 0;
  const text = JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
    syscalls: [
      { names: ['read', 'write', 'exit_group', 'execve'], action: 'SCMP_ACT_ALLOW' },
      { names: ['personality'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 8, op: 'SCMP_CMP_EQ' }] },
      { names: ['mount'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_SYS_ADMIN'], minKernel: '4.8' } },
      { names: ['umount2'], action: 'SCMP_ACT_KILL' },
    ] });
  /** Never the same text, so that no cache answers. */
  const fresh = () => ({ ...JSON.parse(text), comment: count++ });
  const facts = ({ bpf, policy, warnings, codegen, metrics }) => ({ bpf: bpf.toString('hex'), policy, warnings, codegen, metrics });
`;

/** Functions that change nothing. */
const PURE = `{
  parseProfile: () => s.parseProfile(fresh()).rules,
  'parseProfile of an object that is empty': () => s.parseProfile({}),
  resolveProfile: () => s.resolveProfile(fresh()),
  'compile a profile': () => facts(s.compile(fresh())),
  'compile a policy': () => facts(s.compile(s.resolveProfile(text))),
  'compile for a target': () => facts(s.compile(fresh(), { arch: 'aarch64', kernel: { major: 6, minor: 1 }, capabilities: ['CAP_SYS_ADMIN'] })),
  'a policy without a listener': () => facts(s.compile({ ...s.resolveProfile(text) })),
  makeTarget: () => inspect.makeTarget(),
  'a kernel that is empty': () => inspect.makeTarget({ kernel: {} }),
  'capabilities with a hole': () => inspect.makeTarget({ capabilities: Array(1) }),
  withTraps: () => inspect.withTraps(s.resolveProfile(text)),
  withNotifications: () => inspect.withNotifications(s.resolveProfile(text)),
  evaluate: () => inspect.evaluate(s.resolveProfile(text), { arch: 0xc000003e, syscall: 135 }),
  remedyFor: () => inspect.remedyFor({ arch: 0xc000003e, syscall: 135 }, s.resolveProfile(text)),
  reasonFor: () => inspect.reasonFor(s.resolveProfile(text), { arch: 0xc000003e, syscall: 135 }),
  interpret: () => inspect.interpret(filter.program, inspect.seccompData({ arch: 0xc000003e, syscall: 135 })),
  simulate: () => s.simulate(filter, { arch: 0xc000003e, syscall: 135 }).action,
  'simulate no call': () => s.simulate(filter, {}).action,
  simulator: () => inspect.simulator(filter)({ arch: 0xc000003e, syscall: 135 }),
  explain: () => inspect.formatExplanation(s.explain(filter)),
  diff: () => inspect.formatDiff(s.diff(filter, other)),
  isSubset: () => inspect.isSubset(filter, other),
  disassemble: () => s.disassemble(filter),
  'disassemble instructions': () => s.disassemble([...filter.program]),
  'disassemble an object that is empty': () => s.disassemble({}),
  annotate: () => inspect.annotate(filter),
  assemble: () => inspect.assemble('A = sys_number\\nreturn ALLOW'),
  decompile: () => inspect.decompile(filter.bpf),
  'convert to docker': () => inspect.convert(plain, 'docker'),
  'convert to oci': () => inspect.convert(plain, 'oci'),
  'convert to spo': () => inspect.convert(plain, 'spo'),
  'convert to firecracker': () => inspect.convert(plain, 'firecracker'),
  lint: () => s.lint(fresh()).map(inspect.formatFinding),
  lintProgram: () => inspect.lintProgram(filter).map(inspect.formatFinding),
  toSarif: () => inspect.toSarif(findings),
  applyBaseline: () => inspect.applyBaseline(findings, inspect.makeBaseline(findings)),
  'a baseline that is empty': () => inspect.applyBaseline(findings, {}),
  'a suppression that is empty': () => s.lint(text, { suppress: [{}] }),
  resolveFirecracker: () => inspect.resolveFirecracker(inspect.parseFirecracker(firecracker)),
  verify: () => inspect.verify(filter.program, { ...filter.policy }),
  'instructions that are empty': () => inspect.verify([{}], filter.policy),
  toC: () => inspect.toC(filter),
  formatViolation: () => inspect.describeRemedy(inspect.remedyFor({ arch: 0xc000003e, syscall: 135 }, s.resolveProfile(text))),
  FilterContext: () => {
    const context = new c.FilterContext(s.SCMP_ACT_ALLOW);
    context.ruleAdd(s.SCMP_ACT_ERRNO(1), 'personality', [{ arg: 0, op: s.SCMP_CMP_EQ, a: 8n }]);
    const bpf = context.exportBpf().toString('hex');
    context.close();
    return bpf;
  },
  status: () => s.status().mode,
  features: () => s.features(),
  'ps without a procfs': () => s.ps({ proc: '/nowhere' }),
  'superviseListener of none': () => s.superviseListener(99, {}),
}`;

const PREPARED = `
  const filter = s.compile(text);
  const plain = s.resolveProfile(JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }] }), {}, { unknownSyscalls: 'default' });
  const other = s.compile('{ "defaultAction": "SCMP_ACT_ALLOW" }');
  const findings = s.lint(text);
  const firecracker = inspect.convert(plain, 'firecracker');
`;

describe('a polluted Object.prototype', () => {
  let names: readonly string[] = [];
  before(() => {
    names = optionNames();
  });

  it('affects a function that reads its options in the usual way', () => {
    assert.ok(names.includes('dryRun') && names.length > 60, names.join());
    const { naive, variable } = told<{ naive: unknown; variable: string }>(
      inChild(`${POLLUTION(names)}
        const naive = (options = {}) => { const { dryRun = false } = options; return dryRun; };
        tell({
          naive: polluted('dryRun', true, () => naive()),
          // Node hands inherited variables on.
          variable: polluted('LD_PRELOAD', '/evil', () =>
            m('node:child_process').spawnSync('/bin/sh', ['-c', 'echo $LD_PRELOAD'], { encoding: 'utf8', input: '' }).stdout),
        });`),
    );
    assert.equal(naive, true);
    assert.equal(variable, '/evil\n');
  });

  it('sends no id with a listener if none was passed', () => {
    const code = told<string>(
      inChild(`
        Object.prototype.id = 'evil';
        tell(await s.sendListener(99, '/nowhere', {}).catch(({ code }) => code));`),
    );
    assert.equal(code, 'bad-option');
  });

  it('does not change the result of a pure function', () => {
    const found = told<Record<string, unknown[]>>(
      inChild(`${POLLUTION(names)} ${PREPARED}
        const result = {};
        for (const [name, action] of Object.entries(${PURE})) {
          const started = Date.now();
          const changed = changes(action, [true, 'evil']);
          if (process.env.TIMES) console.error(name, Date.now() - started);
          if (changed.length > 0) result[name] = changed.slice(0, 3);
        }
        tell(result);`),
    );
    assert.deepEqual(found, {});
  });

  for (const load of [
    's.applyProfile(profile())',
    's.applyProfile(profile(), {})',
    's.load(loaded)',
    's.load(loaded, {})',
    's.load(loaded.bpf)',
  ]) {
    it(`does not change ${load}: every thread is under the filter, with no_new_privs`, () => {
      const { before, failures } = told<{ before: number; failures: string[] }>(
        inChild(`${POLLUTION(names)}
          const profile = () => ({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['reboot'], action: 'SCMP_ACT_ERRNO' }], comment: count++ });
          const loaded = s.compile(profile());
          const receipt = ({ scope, flags, noNewPrivs, listener, dryRun, warnings }) => described({ scope, flags, noNewPrivs, listener, dryRun, warnings });
          const load = () => ${load};
          const expected = receipt(load());
          let layers = 1;
          const failures = [];
          for (const name of names) for (const value of [true, false, 'thread']) {
            // A chain of filters has an end.
            if (layers > 400) break;
            const { value: got, thrown } = polluted(name, value, () => attempt(load));
            const { threads, noNewPrivs } = s.status();
            const covered = threads.every(({ filters }) => filters === layers + 1);
            if (covered) layers++;
            if (thrown !== undefined || receipt(got) !== expected || !covered || !noNewPrivs)
              failures.push([name, value, thrown ?? receipt(got), threads.map(({ filters }) => filters).join()].join(' '));
          }
          tell({ before: layers, failures: failures.slice(0, 5) });`),
      );
      assert.deepEqual(failures, []);
      assert.ok(before > 100, 'many pollutions were tried');
    });
  }

  /** A script that prints the child's arguments, environment, user, directory and filter. */
  const SHELL = 'echo "$0 $*"; env | sort; id -u; pwd; grep -E "^(Seccomp|NoNewPrivs)" /proc/self/status';
  const ARGUMENTS = `'/bin/sh', ['-c', ${JSON.stringify(SHELL)}, 'name', 'argument']`;

  for (const [what, start, field] of [
    ['spawnSync', `s.spawnSync(${ARGUMENTS}, own)`, 'it.stdout'],
    ['execFileSync', `s.execFileSync(${ARGUMENTS}, own)`, 'it'],
  ] as const) {
    it(`adds no options to ${what}: environment, user, directory, shell and filter stay the same`, () => {
      const failures = told<string[][]>(
        inChild(`${POLLUTION(names)}
          const own = { profile: s.compile({ defaultAction: 'SCMP_ACT_ALLOW' }) };
          const start = () => { const it = ${start}; return String(${field}); };
          if (!/Seccomp:\\t2/.test(start())) throw new Error('the child is not under a filter');
          tell(changes(start, [true, 'evil'])
            // Of what Node makes of "pipe" by itself, it asks for an input, in spawnSync of node:child_process too.
            .filter(([name]) => name !== 'input'));`),
      );
      assert.deepEqual(failures, []);
    });
  }

  for (const [what, start] of [
    ['spawn', `s.spawn(${ARGUMENTS}, { profile })`],
    ['execFile', `s.execFile(${ARGUMENTS}, { profile })`],
    ['supervise', `s.supervise(${ARGUMENTS}, { profile }).child`],
    ['fork before exec', `s.fork(file, ['argument'], { profile, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })`],
    [
      'fork before user code',
      `s.fork(file, ['argument'], { profile, load: own, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })`,
    ],
  ] as const) {
    it(`starts the same child by ${what}, or none`, () => {
      const { failures, ran } = told<{ failures: string[][]; ran: number }>(
        inChild(`${POLLUTION(names)}
          const profile = s.compile({ defaultAction: 'SCMP_ACT_ALLOW' });
          const own = 'before-user-code';
          const file = m('node:path').join(m('node:fs').mkdtempSync(m('node:os').tmpdir() + '/own-properties-'), 'child.cjs');
          m('node:fs').writeFileSync(file, \`
            const { execFileSync } = require('node:child_process');
            process.stdout.write(execFileSync('/bin/sh', ['-c', process.env.SCRIPT ?? 'id -u; pwd; grep -E "^(Seccomp|NoNewPrivs)" /proc/self/status; env | sort | grep -v "^_="; echo ' + process.argv.slice(2)]));
            process.disconnect?.();\`);
          const start = () => ${start};
          const outcome = async (name, value) => {
            let child;
            try { child = name === undefined ? start() : polluted(name, value, start); } catch (error) { return 'error ' + error.code; }
            let text = '';
            child.stdout?.on('data', chunk => { text += chunk; });
            child.on('error', error => { text += 'error ' + error.code; });
            await new Promise(resolve => child.once('close', resolve));
            return text.replaceAll(/NODE_CHANNEL_FD=.*\\n|PPID=.*\\n/g, '');
          };
          const expected = await outcome();
          if (!/Seccomp:\\t2/.test(expected)) throw new Error('the child is not under a filter: ' + expected);
          const failures = [];
          let ran = 0;
          const tried = ${JSON.stringify(what === 'fork before user code' ? DECIDING.slice(0, 8) : what === 'fork before exec' ? DECIDING.slice(0, 12) : DECIDING)};
          for (const name of tried) {
            const got = await outcome(name, name === 'load' ? 'before-exec' : 'evil');
            if (got === expected) ran++;
            // Node itself stumbles over some in objects that it makes: then nothing has run.
            else if (!got.startsWith('error')) failures.push([name, expected, got]);
          }
          tell({ failures: failures.slice(0, 3), ran });`),
      );
      assert.deepEqual(failures, []);
      assert.ok(ran > 5, `${ran} children ran`);
    });
  }

  it('does not change the options of a SandboxedWorker', () => {
    const { failures } = told<{ failures: string[] }>(
      inChild(`${POLLUTION(names)}
        const start = () => new s.SandboxedWorker("require('node:worker_threads').parentPort.postMessage([process.argv.length, Object.keys(process.env).includes('evil'), require('node:fs').readFileSync('/proc/self/status', 'utf8').match(/Seccomp:.*/)[0], process.execArgv])", { profile: 'docker-default', eval: true });
        const outcome = async make => {
          let worker;
          try { worker = make(); } catch (error) { return 'error ' + error.code; }
          const said = await new Promise(resolve => {
            worker.on('message', resolve);
            worker.on('error', error => resolve('error ' + error.code));
            worker.on('exit', () => resolve('ended'));
          });
          await worker.terminate();
          return JSON.stringify(said);
        };
        const expected = await outcome(start);
        const failures = [];
        for (const name of ['argv', 'env', 'execArgv', 'execPath', 'load', 'profile', 'uid', 'workerData'])
          for (const value of ['evil']) {
            const got = await outcome(() => polluted(name, value, start));
            if (got !== expected) failures.push([name, value, got, expected].join(' '));
          }
        tell({ failures });
        process.exit();`),
    );
    assert.deepEqual(failures, []);
  });

  it('does not respond to calls of a supervised program', () => {
    const { plain, failures } = told<{ plain: string; failures: string[] }>(
      inChild(`${POLLUTION(names)}
        const profile = s.compile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['getpriority'], action: 'SCMP_ACT_NOTIFY' }] });
        const outcome = async (name, value) => {
          let child, stop = () => undefined;
          const answer = () => { const made = {}; if (name !== undefined) { Object.prototype[name] = value; setImmediate(() => { delete Object.prototype[name]; }); } return made; };
          ({ child } = s.supervise('/usr/bin/python3', ['-c', 'import os\\ntry: print(os.getpriority(0, 0))\\nexcept OSError as e: print(e.errno)'], { profile, handlers: { getpriority: answer }, onError: () => undefined }));
          let text = '';
          child.stdout.on('data', chunk => { text += chunk; });
          await new Promise(resolve => child.once('close', resolve));
          return text.trim();
        };
        const plain = await outcome();
        const failures = [];
        for (const [name, value] of [['continue', true], ['value', 7], ['errno', 7], ['fd', 0]]) {
          const got = await outcome(name, value);
          if (got !== plain) failures.push([name, got, plain].join(' '));
        }
        tell({ plain, failures });`),
    );
    assert.equal(plain, '38', 'an empty answer is none: ENOSYS');
    assert.deepEqual(failures, []);
  });

  it('is read nowhere in the library, as the linter checks', () => {
    const { status, stdout } = plainSpawnSync(
      process.execPath,
      ['node_modules/eslint/bin/eslint.js', '--print-config', 'lib/process/load.ts'],
      { cwd: root, encoding: 'utf8' },
    );
    assert.equal(status, 0);
    const { rules } = JSON.parse(stdout) as { rules: Record<string, unknown> };
    assert.deepEqual(rules['seccomp/own-properties'], [2]);
  });
});
