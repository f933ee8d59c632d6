// Filters that container runtimes load, read back and compared with this package's filters for the same profiles.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from '#lib/filter/compile-profile.js';
import { ProfileError } from '#lib/util/errors.js';
import { interpret, seccompData } from '#lib/bpf/interpret.js';
import type { Program } from '#lib/bpf/program.js';
import { findDifference } from '#lib/filter/prove/verify.js';
import { i386Multiplexer, syscallName, syscallNumber, syscallsOf } from '#lib/kernel/abi.js';
import type { AbiName } from '#lib/kernel/architectures.js';
import { evaluate, outcome } from '#lib/policy/evaluate.js';
import type { AbiPolicy, Policy } from '#lib/policy/policy.js';
import { permits } from '#lib/kernel/action.js';
import { makeTarget } from '#lib/policy/target.js';
import { nativeArchitecture } from '#lib/kernel/architectures.js';
import { dump } from '#lib/process/inspect/dump.js';
import { parseProfile } from '#lib/profile/parse.js';
import type { Profile } from '#lib/profile/profile.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { applies } from '#lib/profile/resolve/select.js';
import { Random, seed } from '../support/random.js';
import { boundaryArguments } from '../support/random-policy.js';
import { knownNumbers, type KnownNumbers } from './known.js';
import { ociSeccomp } from './oci.js';
import { findRuntime, type Runtime, type RuntimeName } from './runtime.js';
import { skip } from '../support/skip.js';

const FOLDER = fileURLToPath(new URL('../../../../shared/profiles/', import.meta.url));
const start = seed();
const target = makeTarget({ arch: nativeArchitecture(), kernel: release() });

/** How each runtime treats calls newer than the profile. */
const UNKNOWN_SYSCALLS = { runc: 'enosys', crun: 'default' } as const;

/** The calls that each runtime itself makes after it has loaded the filter. */
const OWN_CALLS: Readonly<Record<RuntimeName, readonly string[]>> = {
  runc: ['execve', 'fstatfs'],
  crun: ['execve'],
};

/** The profiles that can be read, by name. */
function profiles(): ReadonlyMap<string, Profile> {
  const files = existsSync(FOLDER) ? readdirSync(FOLDER).filter(name => name.endsWith('.json')) : [];
  const found = new Map([['docker-default', parseProfile('docker-default')]]);
  for (const name of files) {
    try {
      found.set(name, parseProfile(`${FOLDER}${name}`));
    } catch (error) {
      if (!(error instanceof ProfileError)) throw error;
    }
  }
  return found;
}

/** Whether the library of the runtimes has a number for a call. */
const isKnown = (known: KnownNumbers, abi: AbiName, name: string): boolean =>
  known(abi, name) >= 0 || (abi === 'x86' && i386Multiplexer(name) !== undefined && known(abi, name) !== -1);

/** A policy for a runtime whose library may be older than this package's tables: it omits unknown calls. */
function asKnown(policy: Policy, profile: Profile, known: KnownNumbers): Policy {
  const names = profile.rules
    .filter(rule => applies(rule, policy.target))
    .flatMap(rule => rule.names.map(({ name }) => name));
  const narrowed = (part: AbiPolicy): AbiPolicy => {
    const { name: abi } = part.abi;
    const numbers = names.map(name => known(abi, name)).filter(number => number >= 0);
    return {
      ...part,
      syscalls: new Map(
        [...part.syscalls].filter(([number]) => isKnown(known, abi, syscallName(abi, number) ?? '')),
      ),
      // In libseccomp, i386's socket and System V IPC calls do not have their own numbers.
      enosysAbove: part.enosysAbove === undefined || numbers.length === 0 ? undefined : Math.max(...numbers),
    };
  };
  const [first, ...others] = policy.abis;
  return { ...policy, abis: [narrowed(first), ...others.map(narrowed)] };
}

/** The given native calls that a policy refuses with any arguments. */
const refused = (policy: Policy, names: readonly string[]): readonly string[] =>
  names.filter(name => {
    const [{ abi }] = policy.abis;
    const { rules, otherwise } = outcome(policy, abi.audit, syscallNumber(abi.name, name) ?? -1);
    return !permits(otherwise) && !rules.some(({ action }) => permits(action));
  });

describe(`containers (SEED=${start})`, () => {
  let known: KnownNumbers;
  let listener: Server;
  let directory = '';
  before(function () {
    directory = mkdtempSync(join(tmpdir(), 'seccomp-listener-'));
    // Descriptors that runtimes send for NOTIFY remain in the socket.
    listener = createServer().listen(join(directory, 'socket'));
    try {
      known = knownNumbers();
    } catch {
      skip(this, 'there is no C compiler, or no libseccomp.so.2, without which there is no runtime either');
    }
  });
  after(() => {
    listener.close();
    rmSync(directory, { recursive: true, force: true });
  });

  if (!existsSync(FOLDER)) {
    it('under more profiles, if ../shared/profiles has any', function () {
      skip(this, 'there is no ../shared/profiles');
    });
  }

  for (const name of ['runc', 'crun'] as const) {
    describe(`of ${name}`, () => {
      let runtime: Runtime | undefined;
      const unknown = new Set<string>();
      before(function () {
        const found = findRuntime(name);
        if ('missing' in found) skip(this, found.missing);
        runtime = found;
      });
      afterEach(() => runtime?.stop());
      after(() => {
        runtime?.remove();
        if (unknown.size > 0) console.log(`      calls with other answers there: ${[...unknown].join(', ')}`);
      });

      for (const [label, profile] of profiles()) {
        const options = { ...target, unknownSyscalls: UNKNOWN_SYSCALLS[name] };
        const policy = resolveProfile(profile, options, options);
        const startUnder = () => {
          assert.ok(runtime !== undefined);
          return runtime.start(ociSeccomp(profile, target, join(directory, 'socket')));
        };

        const missing = refused(policy, OWN_CALLS[name]);
        if (missing.length > 0) {
          it(`do not start under ${label}, which refuses ${missing.join(' and ')}`, () => {
            assert.ok('refusal' in startUnder());
          });
          continue;
        }

        it(`have the same filter as in this package for ${label}, except for calls that their library lacks`, () => {
          const started = startUnder();
          assert.ok('pid' in started, 'refusal' in started ? started.refusal : '');
          const { layers, differing, warnings } = dump(started.pid);
          const [layer, ...more] = layers;
          assert.ok(layer !== undefined);
          assert.deepEqual([more, differing, warnings], [[], [], []]);

          const expected = asKnown(policy, profile, known);
          assert.equal(findDifference(layer.program, expected), undefined, 'a proof over every call');

          for (const { abi, call } of otherAnswers(
            layer.program,
            compile(profile, options).program,
            policy,
          )) {
            const number = syscallNumber(abi, call) ?? 0;
            const beyond = expected.abis.find(part => part.abi.name === abi)?.enosysAbove ?? Infinity;
            assert.ok(!isKnown(known, abi, call) || number > beyond, `${abi}: ${call}`);
            unknown.add(call);
          }
        });
      }
    });
  }
});

/** The named calls for which two programs return different actions for some boundary values of arguments. */
function otherAnswers(
  theirs: Program,
  ours: Program,
  policy: Policy,
): readonly { readonly abi: AbiName; readonly call: string }[] {
  const random = new Random(start);
  return policy.abis.flatMap(({ abi }) =>
    [...syscallsOf(abi.name)].flatMap(([call, syscall]) => {
      const differs = boundaryArguments(random, policy, 20).some(args => {
        const event = { arch: abi.audit, syscall, args };
        const data = seccompData(event);
        const action = interpret(ours, data).action;
        assert.equal(action, evaluate(policy, event));
        return interpret(theirs, data).action !== action;
      });
      return differs ? [{ abi: abi.name, call }] : [];
    }),
  );
}
