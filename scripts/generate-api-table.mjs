// Writes docs/libseccomp-api.md: every function and constant of the linked seccomp.h, and its binding in this package.
// Fails if one is missing or a constant has another value, and with --check if the page is stale. Needs the built package.
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as api from '#lib/libseccomp/context.js';
import * as constants from '#lib/kernel/constants.js';
import { withScratch } from './files.mjs';
import { generated, runGenerator } from './generated-file.mjs';
import { libseccompSource } from './libseccomp.mjs';
import { run } from './run.mjs';

const { directory, version } = libseccompSource();
const header = readFileSync(join(directory, 'include/seccomp.h'), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');

/** Functions whose name here is not libseccomp's name in camel case. */
const RENAMED = {
  seccomp_init: ['new FilterContext'],
  seccomp_release: ['close'],
  seccomp_reset: ['reset', 'resetGlobalState'],
  seccomp_rule_add_array: ['ruleAdd'],
  seccomp_rule_add_exact_array: ['ruleAddExact'],
  seccomp_export_bpf_mem: ['exportBpf'],
  seccomp_notify_alloc: ['notifyReceive', 'notifyRespond'],
  seccomp_notify_free: ['notifyReceive', 'notifyRespond'],
};

/**
 * Macros that are not numbers, and their equivalents here.
 * @type {[pattern: RegExp, binding: string | ((match: RegExpExecArray) => string)][]}
 */
const MACROS = [
  [/^SCMP_SYS$/, "the name of the call: `'openat'`"],
  [/^SCMP_CMP$/, '`{ arg, op, a, b }`, a `Comparison`'],
  [/^SCMP_CMP64$/, '`{ arg, op, a, b }`'],
  [/^SCMP_CMP32$/, '`{ arg, op, a, b }` with values below 2^32'],
  [/^SCMP_A([0-5])(_64|_32)?$/, ([, index]) => `\`{ arg: ${index}, op, a, b }\``],
  [/^SCMP_VER_(MAJOR|MINOR|MICRO)$/, ([, part]) => `\`version().${part.toLowerCase()}\``],
];

/** Helpers of the macros above, and definitions that only systems with older headers need. */
const INTERNAL = /^(_SCMP_|_SECCOMP_H$|__?AUDIT_ARCH|AUDIT_ARCH|EM_|SECCOMP_RET_)/;

const camelCase = name =>
  name.replace(/^seccomp_/, '').replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

function bindingOf(name) {
  if (name === 'new FilterContext')
    return typeof api.FilterContext === 'function' ? `\`${name}(…)\`` : undefined;
  if (typeof api.FilterContext.prototype[name] === 'function') return `\`FilterContext.${name}\``;
  return typeof api[name] === 'function' ? `\`${name}\`` : undefined;
}

function functionRows() {
  const names = [...header.matchAll(/\b(seccomp_\w+)\s*\(/g)].map(([, name]) => name);
  return [...new Set(names)].map(name => {
    const bindings = (RENAMED[name] ?? [camelCase(name)]).map(bindingOf);
    return [name, bindings.includes(undefined) ? undefined : bindings.join(', ')];
  });
}

/** The value of each constant in C; function-like macros get the argument 5. */
function valuesInC(names) {
  const prints = names.map(name => {
    const expression = typeof constants[name] === 'function' ? `${name}(5)` : name;
    return `printf("%lld\\n", (long long)(${expression}));`;
  });
  return withScratch(join(tmpdir(), 'seccomp-api-'), cwd => {
    writeFileSync(
      join(cwd, 'values.cc'),
      `#include <seccomp.h>\n#include <cstdio>\nint main() {\n${prints.join('\n')}\n}\n`,
    );
    run('g++', ['-I', join(directory, 'include'), 'values.cc', '-o', 'values'], { cwd });
    return run(join(cwd, 'values'), []).trim().split('\n').map(Number);
  });
}

function constantRows() {
  const macros = [...header.matchAll(/^[ \t]*#define\s+(\w+)/gm)].map(([, name]) => name);
  const enumerators = [...header.matchAll(/^\s*(SCMP_\w+)\s*=/gm)].map(([, name]) => name);
  const names = [...new Set([...enumerators, ...macros])].filter(name => !INTERNAL.test(name));
  const numbers = names.filter(name => name in constants);
  const inC = new Map(valuesInC(numbers).map((value, index) => [numbers[index], value]));
  return names.map(name => [name, constantBinding(name, inC)]);
}

function constantBinding(name, inC) {
  for (const [pattern, binding] of MACROS) {
    const match = pattern.exec(name);
    if (match !== null) return typeof binding === 'string' ? binding : binding(match);
  }
  const bound = constants[name];
  if (bound === undefined) return undefined;
  const [value, shown] = typeof bound === 'function' ? [bound(5), `${name}(…)`] : [bound, name];
  // The API uses unsigned tokens and actions, whatever the types of their macros.
  const expected = inC.get(name);
  if (value !== expected && value !== expected >>> 0) {
    throw new Error(`${name} is ${value} in lib/kernel/constants.ts and ${expected} in seccomp.h`);
  }
  return `\`${shown}\``;
}

const table = (head, rows) =>
  [`| ${head} | here |`, '|---|---|', ...rows.map(([name, binding]) => `| \`${name}\` | ${binding} |`)].join(
    '\n',
  );

function generate() {
  const functions = functionRows();
  const constantsOfHeader = constantRows();
  const missing = [...functions, ...constantsOfHeader].filter(([, binding]) => binding === undefined);
  if (missing.length > 0)
    throw new Error(
      `nothing binds ${missing.map(([name]) => name).join(', ')}: functions belong in lib/libseccomp/context.ts, constants in lib/kernel/constants.ts`,
    );
  return `# libseccomp's API

This page lists the binding of every function and constant of libseccomp, for people who know the C API. They are in \`seccomp/libseccomp\`.
Generated by \`scripts/generate-api-table.mjs\` from the \`seccomp.h\` of libseccomp ${version}: do not edit.

${functions.length} functions and ${constantsOfHeader.length} constants and macros. The numbers of system calls
(\`__NR_*\`, \`__PNR_*\`, \`__SNR_*\`) are the results of \`syscallResolveName\` and \`syscallResolveNameArch\`.

## Functions

${table('C', functions)}

## Constants and macros

${table('C', constantsOfHeader)}
`;
}

await runGenerator('generate-api-table', [], check =>
  generated('docs/libseccomp-api.md', generate(), check, 'node scripts/generate-api-table.mjs'),
);
