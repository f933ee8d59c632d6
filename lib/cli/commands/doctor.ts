// `seccomp doctor`: reports what this machine, this Node and this build support, and what prevents the rest.
import { SeccompError } from '../../util/errors.js';
import { applyProfile } from '../../process/apply/apply-profile.js';
import { describeCodeCache } from '../../process/machine/code-cache.js';
import { features } from '../../process/machine/features.js';
import { reasonWithout } from '../../process/isolation/ring-filter.js';
import { liveRings } from '../../process/rings.js';
import { status } from '../../process/inspect/status.js';
import { unnamedCalls } from '../../process/machine/unnamed-calls.js';
import { NEWEST_KERNEL } from '../../kernel/kernel-version.js';
import { escapeControls } from '../../util/printable.js';
import { paintFor } from '../colors.js';
import type { DoctorCheck } from '../json-outputs.js';
import { printJson, printPainted, type Register } from '../output.js';
import { attempt } from '../../util/failures.js';
import { counted } from '../../util/show.js';

/** Runs a check, which fails if it throws an error of this package. */
const check = (name: string, look: () => { readonly ok: boolean; readonly detail: string }): DoctorCheck => ({
  name,
  ...attempt(look, SeccompError, error => ({ ok: false, detail: error.message })),
});

/**
 * The calls that this kernel has but the tables lack, or why they are unknown, for example because a filter refuses the probe.
 */
const triedCalls = (): readonly number[] | string =>
  attempt(unnamedCalls, SeccompError, error => error.message);

function checks(): readonly DoctorCheck[] {
  return [
    check('platform', () => ({
      ok: process.platform === 'linux',
      detail: `${process.platform} ${process.arch}, Node ${process.version}`,
    })),
    check('add-on', () => ({ ok: true, detail: `loaded, libseccomp ${features().libseccomp}` })),
    check('code cache', () => ({ ok: true, detail: describeCodeCache() })),
    check('kernel', () => {
      const { available, release, actions, flags } = features();
      return {
        ok: available,
        detail: `${release}: ${actions.length} actions, ${flags.length} flags (${flags.map(flag => flag.replace('SECCOMP_FILTER_FLAG_', '')).join(', ')})`,
      };
    }),
    check('newer kernels', () => {
      const { missing } = features();
      return {
        ok: true,
        detail:
          missing.length === 0
            ? 'have no seccomp features that this one lacks'
            : missing.map(({ name, since }) => `${since} has ${name.replace(/^SECCOMP_/, '')}`).join(', '),
      };
    }),
    check('isolation', () => {
      const { landlock, isolation } = features();
      const { closed, open, refusesMounts } = isolation;
      const abi = landlock === 0 ? 'no Landlock' : `Landlock ABI ${landlock}`;
      const parts = [
        `${abi}: closed to children: ${closed.join(', ')}`,
        ...open.map(({ part, reason }) => `${part} stays open (${reason})`),
        ...(refusesMounts ? ['mounts fail in children, because Linux is older than 6.12'] : []),
      ];
      return { ok: true, detail: parts.join('; ') };
    }),
    check('system calls', () => {
      const unnamed = triedCalls();
      if (typeof unnamed === 'string')
        return { ok: true, detail: `the calls of this kernel cannot be probed: ${unnamed}` };
      const { major, minor } = NEWEST_KERNEL;
      const hidden = status().filters === 0 ? '' : ', except those that the filters in force refuse';
      return {
        ok: true,
        detail:
          unnamed.length === 0
            ? `this version names every call of this kernel (tables of Linux ${major}.${minor})${hidden}`
            : `this kernel serves calls that this version does not name: ${unnamed.join(', ')}. Profiles can name them by number; a default action of ALLOW allows them`,
      };
    }),
    check('io_uring filter', () => {
      const { ringFilterError } = features();
      return {
        ok: true,
        detail:
          ringFilterError === 0
            ? 'the kernel can refuse io_uring operations of children'
            : `unsupported: ${reasonWithout(features())}`,
      };
    }),
    check('filters in force', () => {
      const { mode, filters, noNewPrivs } = status();
      return {
        ok: true,
        detail:
          mode === 'disabled'
            ? 'none'
            : `mode ${mode}, ${filters === undefined ? 'unknown layers' : counted(filters, 'layer')}, no_new_privs ${noNewPrivs ? 'set' : 'not set'}`,
      };
    }),
    check('JIT', () => {
      const { jit } = features();
      return {
        ok: true,
        detail:
          jit === undefined
            ? 'cannot be read'
            : jit > 0
              ? 'on: filters run as native code'
              : 'off: filters are interpreted',
      };
    }),
    check('io_uring', () => {
      const rings = liveRings();
      return {
        ok: true,
        detail:
          rings.length === 0
            ? 'this process has no open rings'
            : `this process has ${counted(rings.length, 'open ring')}; applyProfile restricts rings to the operations of libuv`,
      };
    }),
    check('docker-default', () => {
      const { filter } = applyProfile('docker-default', { dryRun: true });
      return {
        ok: true,
        detail: `can be applied to this process: ${filter?.instructions ?? 0} instructions, verified`,
      };
    }),
  ];
}

const paint = paintFor(1);

/** Registers the subcommand. */
export const doctorCommand: Register = (program, run) =>
  program
    .command('doctor')
    .description('check what this machine, this Node and this build can do')
    .option('--json', 'write JSON')
    .action((flags: { readonly json?: boolean }) => {
      return run(() => {
        const results = checks();
        if (flags.json === true) printJson('doctor', results);
        else
          for (const { name, ok, detail } of results)
            printPainted(
              `${ok ? paint('green', 'ok  ') : paint('red', 'FAIL')} ${escapeControls(`${name}: ${detail}`)}\n`,
            );
        return results.every(({ ok }) => ok) ? 0 : 1;
      }, flags.json === true);
    });
