// The types of profiles in strict mode: a user's code compiles, and a mistake in it is a compiler error.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

// In the package's folder, so that the package can import itself by name.
const FOLDER = fileURLToPath(new URL('../../types-of-users/', import.meta.url));

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  skipLibCheck: true,
  types: ['node'],
};

/** Compiles all texts as modules of one program, and returns the errors of each as one text. */
function errorsOf(texts: readonly string[]): readonly string[] {
  const files = new Map(
    texts.map((text, index) => [
      `${FOLDER}case-${index}.${text.includes('= require(') ? 'cts' : 'ts'}`,
      text,
    ]),
  );
  const host = ts.createCompilerHost(OPTIONS);
  host.fileExists = path => files.has(path) || ts.sys.fileExists(path);
  host.readFile = path => files.get(path) ?? ts.sys.readFile(path);
  host.getSourceFile = (path, language) => {
    const text = host.readFile(path);
    return text === undefined ? undefined : ts.createSourceFile(path, text, language);
  };
  const program = ts.createProgram([...files.keys()], OPTIONS, host);
  return [...files.keys()].map(path =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(path))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
      .join('\n'),
  );
}

const imports = `import * as s from 'seccomp';
import * as inspect from 'seccomp/inspect';
import type { Profile, SeccompProfile } from 'seccomp';
`;
const profile = (fields: string): string =>
  `({ defaultAction: 'SCMP_ACT_ERRNO', ${fields} }) satisfies SeccompProfile;`;
const rule = (fields: string): string => profile(`syscalls: [{ ${fields} }]`);
const READ = "names: ['read'], action: 'SCMP_ACT_ALLOW'";
const condition = (fields: string): string => rule(`${READ}, args: [{ ${fields} }]`);

const RIGHT: readonly (readonly [what: string, text: string])[] = [
  [
    'a child whose streams follow from stdio',
    `const { stdin, stdout } = s.spawn('ls', [], { profile: 'compute', stdio: ['ignore', 'pipe', 'inherit'] });
    stdin satisfies null; stdout.resume(); s.spawn('ls', { profile: 'compute' }).stdin.end();`,
  ],
  ['a profile', rule(`${READ}, comment: 'why', args: [{ index: 0, op: 'SCMP_CMP_EQ', value: 2n ** 63n }]`)],
  [
    'calls by number, and those of other architectures',
    rule("names: ['read', 472, 'riscv_hwprobe'], action: 'SCMP_ACT_LOG'"),
  ],
  ['the old format', rule("name: 'read', action: 'SCMP_ACT_ERRNO', errno: 'EACCES'")],
  ['an errno in digits', rule("names: ['read'], action: 'SCMP_ACT_ERRNO', errno: '38'")],
  [
    'null, as in profiles of Docker',
    rule(`${READ}, args: null, includes: { caps: ['CAP_BPF'], minKernel: '4.8' }, excludes: {}`),
  ],
  [
    '$schema and remarks',
    profile("$schema: './x.json', _why: 1, '//': 2, description: 'x', flags: ['SECCOMP_FILTER_FLAG_LOG']"),
  ],
  [
    'archMap',
    profile("archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }]"),
  ],
  [
    'the lists of calls that Node needs',
    rule("names: [...inspect.NEEDED_CALLS.base, ...inspect.BASE_CALLS], action: 'SCMP_ACT_ALLOW'"),
  ],
  [
    'a constant',
    "const p = { defaultAction: 'SCMP_ACT_LOG' } as const satisfies SeccompProfile; s.compile(p);",
  ],
  [
    'a config.json',
    "s.compile({ ociVersion: '1.0.2', process: {}, linux: { namespaces: [], seccomp: { defaultAction: 'SCMP_ACT_LOG' } } });",
  ],
  [
    'text, bytes, a URL and a name',
    "s.compile('{}'); s.compile(Buffer.of()); s.compile(new URL('file:///x')); s.lint('docker-default');",
  ],
  [
    'a profile that ships, imported',
    "import profile from 'seccomp/profiles/docker-default.json' with { type: 'json' }; s.applyProfile(profile);",
  ],
  [
    'a profile in CommonJS',
    "import c = require('seccomp'); c.compile({ defaultAction: 'SCMP_ACT_LOG' } satisfies c.SeccompProfile);",
  ],
  ['what JSON.parse gives', "s.compile(JSON.parse('{}'));"],
  [
    'an unknown value, by parseProfile',
    'const read = (value: unknown): Profile => s.parseProfile(value); s.compile(read({}));',
  ],
  [
    'an object whose strings are of no known value, by parseProfile',
    "const p = { defaultAction: 'SCMP_ACT_LOG' }; s.compile(s.parseProfile(p));",
  ],
];

/** Every function that accepts a profile, called with a valid profile or one with a misspelt default action. */
const TAKERS: Readonly<Record<string, (given: string) => string>> = {
  applyProfile: given => `s.applyProfile(${given});`,
  compile: given => `s.compile(${given}, { arch: 'x86_64' });`,
  resolveProfile: given => `s.resolveProfile(${given});`,
  lint: given => `s.lint(${given});`,
  htmlReport: given => `inspect.htmlReport(${given});`,
  spawn: given => `s.spawn('true', [], { profile: ${given} });`,
  spawnSync: given => `s.spawnSync('true', [], { profile: ${given} });`,
  execFile: given => `s.execFile('true', [], { profile: ${given} }, () => undefined);`,
  execFileSync: given => `s.execFileSync('true', [], { profile: ${given} });`,
  fork: given => `s.fork('x.js', [], { profile: ${given} });`,
  supervise: given => `s.supervise('true', [], { profile: ${given} });`,
  delegate: given => `s.delegate('true', [], { profile: ${given} });`,
  SandboxedWorker: given => `new s.SandboxedWorker('x.js', { profile: ${given} });`,
};

const WRONG: readonly (readonly [what: string, text: string, error: RegExp])[] = [
  [
    'a list of a profile that extends another',
    "s.compile({ extends: 'docker-default', alow: ['read'] });",
    /'alow' does not exist.*'allow'|alow/,
  ],
  ['a key of the profile', profile('syscals: []'), /'syscals' does not exist.*'syscalls'/],
  ['the default action', "({ defaultAction: 'SCMP_ACT_ALOW' }) satisfies SeccompProfile;", /SCMP_ACT_ALOW/],
  ['no default action', '({ syscalls: [] }) satisfies SeccompProfile;', /defaultAction/],
  [
    'NOTIFY as the default action',
    "({ defaultAction: 'SCMP_ACT_NOTIFY' }) satisfies SeccompProfile;",
    /SCMP_ACT_NOTIFY/,
  ],
  ['an architecture', profile("architectures: ['SCMP_ARCH_X64']"), /SCMP_ARCH_X64/],
  ['an architecture of archMap', profile("archMap: [{ architecture: 'x86_64' }]"), /x86_64/],
  ['a key of archMap', profile("archMap: [{ architecture: 'SCMP_ARCH_X86', subArch: [] }]"), /subArch/],
  ['a flag', profile("flags: ['SECCOMP_FILTER_FLAG_LOGS']"), /SECCOMP_FILTER_FLAG_LOGS/],
  ['a key of a rule', rule(`${READ}, erno: 'EPERM'`), /'erno' does not exist.*'errno'/],
  ['the action of a rule', rule("names: ['read'], action: 'ALLOW'"), /"ALLOW"/],
  ['a rule without names', rule("action: 'SCMP_ACT_ALLOW'"), /name/],
  ['a rule with name and names', rule(`${READ}, name: 'write'`), /never/],
  ['the name of a call', rule("names: ['raed'], action: 'SCMP_ACT_ALLOW'"), /"raed"/],
  ['the name of a call, in the old format', rule("name: 'raed', action: 'SCMP_ACT_ALLOW'"), /"raed"/],
  ['the number of a call in quotes', rule("names: ['472'], action: 'SCMP_ACT_ALLOW'"), /"472"/],
  ['an errno', rule("names: ['read'], action: 'SCMP_ACT_ERRNO', errno: 'EPREM'"), /EPREM/],
  [
    'a key of a condition',
    condition("index: 0, operator: 'SCMP_CMP_EQ', op: 'SCMP_CMP_EQ', value: 0"),
    /operator/,
  ],
  ['an operator', condition("index: 0, op: 'SCMP_CMP_EQUAL', value: 0"), /SCMP_CMP_EQUAL/],
  ['a condition without an operator', condition('index: 0, value: 0'), /op/],
  ['a seventh argument', condition("index: 6, op: 'SCMP_CMP_EQ', value: 0"), /6/],
  ['a value that is not a number', condition("index: 0, op: 'SCMP_CMP_EQ', value: '0'"), /string/],
  ['a capability', rule(`${READ}, includes: { caps: ['SYS_ADMIN'] }`), /SYS_ADMIN/],
  ["an architecture in Docker's spelling", rule(`${READ}, excludes: { arches: ['x86_64'] }`), /x86_64/],
  ['a key of a restriction', rule(`${READ}, includes: { cap: [] }`), /'cap' does not exist/],
  ['a kernel', rule(`${READ}, includes: { minKernel: '6' }`), /"6"/],
  [
    'the profile of a config.json',
    "s.compile({ linux: { seccomp: { defaultAction: 'SCMP_ACT_LOGS' } } });",
    /SCMP_ACT_LOGS/,
  ],
  [
    "Docker's keys in a config.json",
    "s.compile({ linux: { seccomp: { defaultAction: 'SCMP_ACT_LOG', archMap: [] } } });",
    /archMap|never/,
  ],
  [
    'a key beside a right default action',
    "s.compile({ defaultAction: 'SCMP_ACT_LOG', syscals: [] });",
    /'syscals' does not exist/,
  ],
  [
    'a key that another way to give a profile has',
    "s.compile({ defaultAction: 'SCMP_ACT_LOG', rules: [] });",
    /'rules' does not exist/,
  ],
  ['an unknown value without parseProfile', 'const given: unknown = {}; s.compile(given);', /unknown/],
  ['an object of no known type', 'const given: object = {}; s.applyProfile(given);', /object|\{\}/],
];

describe('The types of profiles', function () {
  this.timeout(120_000);
  const [right, wrong] = ["{ defaultAction: 'SCMP_ACT_LOG' }", "{ defaultAction: 'SCMP_ACT_LOGS' }"];
  const cases: readonly (readonly [what: string, text: string, error: RegExp])[] = [
    ...RIGHT.map(([what, text]) => [`take ${what}`, text, /^$/] as const),
    ...WRONG.map(([what, text, error]) => [`refuse a mistake: ${what}`, text, error] as const),
    ...Object.entries(TAKERS).flatMap(([name, call]) => [
      [`let ${name} take a profile`, call(right), /^$/] as const,
      [`have ${name} refuse a misspelt one`, call(wrong), /SCMP_ACT_LOGS/] as const,
    ]),
  ];
  let errors: readonly string[] = [];
  before(() => {
    errors = errorsOf(cases.map(([, text]) => `${imports}${text}`));
  });
  cases.forEach(([what, , expected], index) => {
    it(what, () => {
      assert.match(errors[index] ?? 'was not compiled', expected);
    });
  });
});

it('every entry point has its types with moduleResolution node10 too, which does not read exports', () => {
  const { exports, typesVersions } = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  ) as {
    exports: Readonly<Record<string, string | { readonly types: string }>>;
    typesVersions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  };
  const typed = Object.entries(exports).flatMap(([name, entry]) =>
    typeof entry === 'string' || name === '.' || name.endsWith('.json')
      ? []
      : [[name.slice(2), [entry.types]]],
  );
  assert.deepEqual(typesVersions['*'], Object.fromEntries(typed));
});
