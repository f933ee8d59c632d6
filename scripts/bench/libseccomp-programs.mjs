// Programs over libseccomp that compile rules on request: in C, and in the languages whose bindings are installed.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findDifference, decode, validate } from '../../dist/entries/inspect.js';
import { buildGo, buildWithLibseccomp, programPath, scratch, sharedLibseccomp, works } from './build.mjs';
import { Helper } from './helper.mjs';
import { libseccompRules } from './rules.mjs';

const GO_PATH = '/usr/share/gocode';
const GO_BINDING = join(GO_PATH, 'src/github.com/seccomp/libseccomp-golang');

/** By language: how to start the program, or why that is impossible. */
const LANGUAGES = {
  C: () => ({ command: buildWithLibseccomp('libseccomp-compile'), args: [] }),
  Go: () => {
    if (!works('go', 'version') || !existsSync(GO_BINDING)) {
      return { missing: 'golang-go or golang-github-seccomp-libseccomp-golang-dev' };
    }
    const env = { LD_LIBRARY_PATH: sharedLibseccomp() };
    return { command: buildGo('libseccomp-compile', GO_PATH), args: [], env };
  },
  Python: () => {
    const command = ['python3', '/usr/bin/python3'].find(each => works(each, '-c', 'import seccomp'));
    if (command === undefined) return { missing: 'python3-seccomp' };
    return { command, args: [programPath('libseccomp_compile.py')], older: true };
  },
};

export const languages = Object.keys(LANGUAGES);

/** The number of policies so far, for the names of their files. */
let policies = 0;

/**
 * Starts the program of a language with the rules of a policy. Returns `{ missing }` with the packages that it needs, or
 * `{ version, compile, close }`; `compile(optimize, seconds)` returns milliseconds and instructions.
 */
export async function startCompiler(language, policy) {
  const { missing, command, args, env, older = false } = LANGUAGES[language]();
  if (missing !== undefined) return { missing };
  mkdirSync(scratch, { recursive: true });
  const rules = join(scratch, `rules-${process.pid}-${policies++}.txt`);
  writeFileSync(rules, libseccompRules(policy));
  const helper = await Helper.start(command, [...args, rules], { env });
  rmSync(rules);
  const [version, unknown = ''] = helper.ready.split('\t');
  const gaps = unknown.split(' ').filter(name => name !== '').length;
  return {
    version: gaps === 0 ? version : `${version}, which does not know ${gaps} of the calls`,
    compile: async (optimize, seconds) => {
      const [ns, instructions] = (await helper.ask(String(optimize), seconds)).split(' ').map(Number);
      return { ms: ns / 1e6, instructions };
    },
    /** Proves that the timed program has the meaning of the policy, or throws. Older versions lack some calls. */
    check: async optimize => {
      if (!older) await checkProgram(helper, optimize, policy);
    },
    close: () => helper.close(),
  };
}

/** The policy without ENOSYS for unknown numbers, which runtimes add and libseccomp does not support. */
const withoutEnosys = policy => ({
  ...policy,
  abis: policy.abis.map(part => ({ ...part, enosysAbove: undefined })),
});

async function checkProgram(helper, optimize, policy) {
  const path = join(scratch, `program-${process.pid}.bpf`);
  await helper.ask(`${optimize} ${path}`);
  const program = decode(readFileSync(path));
  rmSync(path);
  validate(program);
  const difference = findDifference(program, withoutEnosys(policy));
  if (difference !== undefined) {
    throw new Error(`libseccomp was not given the same rules: call ${difference.syscall} differs`);
  }
}
