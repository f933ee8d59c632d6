// The shipped programs: each is proven again, and used only for the profile against which it was proven.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from '#lib/bpf/program.js';
import { compilePolicy } from '#lib/filter/compile.js';
import { verify } from '#lib/filter/prove/verify.js';
import { programDigest, VARIANTS, type ProgramFile } from '#lib/filter/stored/program-file.js';
import { programsFile, shippedProgram } from '#lib/filter/stored/shipped.js';
import { ARCHITECTURES, nativeArchitecture } from '#lib/kernel/architectures.js';
import { NEWEST_KERNEL } from '#lib/kernel/kernel-version.js';
import { packageFile } from '#lib/package-files.js';
import { variantOf } from '#lib/process/apply/apply-profile.js';
import { obstacles } from '#lib/process/preflight.js';
import { inChild, told } from '../support/child.js';
import { sha256 } from '../support/sha256.js';
import { copyPackage } from '../support/package-copy.js';

const NAME = 'docker-default';

/** `ret ALLOW`, base64. */
const ALLOW_ALL = Buffer.from([6, 0, 0, 0, 0, 0, 0xff, 0x7f]).toString('base64');

describe('The shipped programs', () => {
  const read = (arch: (typeof ARCHITECTURES)[number]): ProgramFile =>
    JSON.parse(readFileSync(programsFile(NAME, arch), 'utf8')) as ProgramFile;

  for (const arch of ARCHITECTURES) {
    for (const variant of VARIANTS) {
      it(`are proven for ${arch}, ${JSON.stringify(variant)}, on the oldest and the newest of their kernels`, () => {
        const { minKernel } = read(arch);
        for (const kernel of [minKernel, NEWEST_KERNEL]) {
          const bytes = shippedProgram(NAME, { arch, kernel }, variant, sha256);
          assert.ok(bytes);
          const policy = variantOf(NAME, { arch, kernel }, variant);
          verify(decode(bytes), policy);
          assert.deepEqual(Buffer.from(bytes), compilePolicy(policy).bpf);
          // A load does not check these for shipped programs.
          assert.deepEqual([policy.warnings, policy.flags, obstacles(policy, false)], [[], [], []]);
        }
      });
    }
  }

  it('are not used on a kernel with another policy for the profile', () => {
    const kernel = { major: 4, minor: 7 };
    assert.equal(
      shippedProgram(NAME, { arch: 'x86_64', kernel }, { closesRings: false, traps: 'none' }, sha256),
      undefined,
    );
  });

  it('are not used for profiles without shipped programs', () => {
    const target = { arch: 'x86_64', kernel: NEWEST_KERNEL } as const;
    assert.equal(
      shippedProgram('no-such-profile', target, { closesRings: false, traps: 'none' }, sha256),
      undefined,
    );
  });

  it('result in filters with all properties of compiled ones', () => {
    const [shipped, compiled, metrics] = told<readonly [unknown, unknown, unknown]>(
      inChild(`
        const looks = ({ filter }) => ({ bpf: filter.bpf.toString('hex'), disassembly: filter.disassembly, pfc: filter.pfc,
          instructions: filter.instructions, warnings: filter.warnings, codegen: filter.codegen, arch: filter.target.arch,
          explained: s.explain(filter, 'keyctl'), badArch: filter.policy.badArch, metrics: filter.metrics.worstPath > 5 });
        const shipped = s.applyProfile('docker-default', { dryRun: true });
        const { policy } = shipped.filter;
        tell([looks(shipped), looks({ filter: s.compile(policy) }), shipped.filter.metrics]);`),
    );
    assert.deepEqual(shipped, compiled);
    assert.ok(metrics);
  });

  for (const [what, options] of [
    ['capabilities', "{ capabilities: ['CAP_SYS_ADMIN'] }"],
    ['another action for foreign ABIs', '{ badArch: s.SCMP_ACT_KILL_PROCESS }'],
    ['the other weights', "{ weights: 'uniform' }"],
  ] as const) {
    it(`are not used for ${what}`, () => {
      const same = told<boolean>(
        inChild(`
          const bpf = options => s.applyProfile('docker-default', { ...options, dryRun: true }).filter.bpf;
          tell(bpf({}).equals(bpf(${options})));`),
      );
      assert.equal(same, false);
    });
  }
});

describe('A package whose files were changed', () => {
  let folder: string;
  const arch = nativeArchitecture();
  const file = `bundle/programs/${NAME}.${arch}.json`;

  beforeEach(() => {
    folder = copyPackage(['bundle', 'profiles', 'package.json'], ['build', 'node_modules', 'data']);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Compiles the program for the profile without loading it. */
  function applied(): string {
    const program = `
      const { applyProfile } = require(${JSON.stringify(join(folder, 'bundle/apply.js'))});
      process.stdout.write(applyProfile('${NAME}', { dryRun: true }).filter.bpf.toString('base64'));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
    assert.notEqual(stdout, '', stderr);
    return stdout;
  }

  /** The number of filters of a child, and whether it can create a user namespace, which the profile refuses. */
  function spawned(options: object): string {
    const program = `
      const { spawnSync } = require(${JSON.stringify(join(folder, 'bundle/index.js'))});
      const command = 'grep Seccomp_filters: /proc/self/status; unshare --user true 2> /dev/null && echo made || echo refused';
      const { stdout } = spawnSync('/bin/sh', ['-c', command], { profile: '${NAME}', isolation: 'none', ...${JSON.stringify(options)} });
      process.stdout.write(String(stdout));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
    assert.notEqual(stdout, '', stderr);
    return stdout.trim().replace('\n', ' ');
  }

  function change(
    edit: (programs: { bpf: string; digest: string; closesRings: boolean; traps: string }[]) => void,
  ): void {
    const { minKernel, programs } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
      minKernel: ProgramFile['minKernel'];
      programs: { bpf: string; digest: string; closesRings: boolean; traps: string }[];
    };
    edit(programs);
    writeFileSync(join(folder, file), JSON.stringify({ minKernel, programs }));
  }

  it('has its program used if program and digest match, which requires a new digest', () => {
    const profile = readFileSync(packageFile(`profiles/${NAME}.json`));
    const { minKernel } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as ProgramFile;
    change(programs => {
      for (const each of programs) {
        each.bpf = ALLOW_ALL;
        each.digest = programDigest(profile, arch, minKernel, each as never, ALLOW_ALL, sha256);
      }
    });
    assert.equal(applied(), ALLOW_ALL);
    assert.equal(spawned({}), 'Seccomp_filters:\t1 made');
    assert.equal(spawned({ strict: false }), 'Seccomp_filters:\t1 refused');
  });

  for (const [what, edit] of [
    ['another program', (programs: { bpf: string }[]) => programs.forEach(each => (each.bpf = ALLOW_ALL))],
    [
      'another digest',
      (programs: { digest: string }[]) => programs.forEach(each => (each.digest = '0'.repeat(64))),
    ],
    [
      'the programs of variants exchanged',
      (programs: { bpf: string; digest: string }[]) =>
        programs.forEach((each, index) => {
          const { bpf, digest } = programs[(index + 1) % programs.length] ?? each;
          Object.assign(each, { bpf, digest });
        }),
    ],
  ] as const) {
    it(`compiles its profile instead: ${what}`, () => {
      const before = applied();
      change(edit);
      const program = applied();
      assert.notEqual(program, ALLOW_ALL);
      verify(decode(Buffer.from(program, 'base64')), variantOf(NAME, {}, variantHere(before)));
    });
  }

  for (const [what, text] of [
    ['no JSON', '{'],
    ['JSON of another shape', '[]'],
    ['no programs', '{"minKernel":{"major":4,"minor":8},"programs":[null]}'],
  ] as const) {
    it(`compiles its profile instead: ${what}`, () => {
      const before = applied();
      writeFileSync(join(folder, file), text);
      verify(decode(Buffer.from(applied(), 'base64')), variantOf(NAME, {}, variantHere(before)));
    });
  }

  it('has its profile compiled if the programs are for another profile', () => {
    const path = join(folder, `profiles/${NAME}.json`);
    const before = applied();
    writeFileSync(path, readFileSync(path, 'utf8').replace('"mkdir",', ''));
    assert.notEqual(applied(), before);
  });

  /** The variant that this version of Node needs. */
  function variantHere(bpf: string): (typeof VARIANTS)[number] {
    const { programs } = JSON.parse(readFileSync(programsFile(NAME, arch), 'utf8')) as ProgramFile;
    const found = programs.find(each => each.bpf === bpf);
    assert.ok(found, 'the program that ships is the one that is used');
    return found;
  }
});
