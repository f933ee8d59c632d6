// Programs that root has compiled: they are loaded without a proof, but only if nobody else can have changed them.
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from '#lib/bpf/program.js';
import { programDigest, VARIANTS, type ProgramFile } from '#lib/filter/stored/program-file.js';
import { verify } from '#lib/filter/prove/verify.js';
import { nativeArchitecture } from '#lib/kernel/architectures.js';
import { SCMP_ACT_ALLOW } from '#lib/kernel/constants.js';
import { NEWEST_KERNEL } from '#lib/kernel/kernel-version.js';
import { variantOf } from '#lib/process/apply/apply-profile.js';
import { precompile } from '#lib/process/apply/precompile.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { inChild, told } from '../support/child.js';
import { mountFuse } from '../support/fuse.js';
import { sha256 } from '../support/sha256.js';
import { skip } from '../support/skip.js';

const arch = nativeArchitecture();
const PROFILE = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [
    { names: ['symlink', 'symlinkat'].slice(arch === 'x86_64' ? 0 : 1), action: 'SCMP_ACT_ERRNO' },
    // Has no effect on kernels that can run these tests, but limits the range of kernels.
    { names: ['bpf'], action: 'SCMP_ACT_ERRNO', includes: { minKernel: '4.8' } },
  ],
} as const;
const TEXT = JSON.stringify(PROFILE);
/** `ret ALLOW`, base64. */
const ALLOW_ALL = Buffer.from([6, 0, 0, 0, 0, 0, 0xff, 0x7f]).toString('base64');
const NOBODY = 65534;

describe('The programs of precompile', () => {
  let folder: string;
  let cache: string;
  let profile: string;

  beforeEach(() => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), 'seccomp-precompiled-'));
    cache = join(folder, 'cache');
    profile = join(folder, 'profile.json');
    chmodSync(folder, 0o755);
    writeFileSync(profile, TEXT);
    mkdirSync(join(folder, 'open'));
    chmodSync(join(folder, 'open'), 0o1777);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const only = (): string => {
    const [name, ...more] = readdirSync(cache);
    assert.ok(name !== undefined && more.length === 0);
    return join(cache, name);
  };

  for (const variant of VARIANTS) {
    it(`are proven for ${JSON.stringify(variant)}, on the oldest and the newest of their kernels`, () => {
      const { file } = precompile(profile, cache);
      const { minKernel, programs } = JSON.parse(readFileSync(file, 'utf8')) as ProgramFile;
      assert.deepEqual(minKernel, { major: 4, minor: 8 });
      const found = programs.find(
        ({ closesRings, traps }) => closesRings === variant.closesRings && traps === variant.traps,
      );
      assert.ok(found);
      for (const kernel of [minKernel, NEWEST_KERNEL])
        verify(decode(Buffer.from(found.bpf, 'base64')), variantOf(TEXT, { arch, kernel }, variant));
    });
  }

  it('are in files that everyone can read, and only the owner can write', () => {
    const { file, warnings } = precompile(profile, cache);
    assert.equal(file, only());
    assert.deepEqual([statSync(cache).mode & 0o777, statSync(file).mode & 0o777], [0o755, 0o644]);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      process.getuid?.() === 0 ? [] : ['precompiled-in-reach'],
    );
  });

  it('come with a warning if others can write to the directory', () => {
    mkdirSync(cache);
    chmodSync(cache, 0o777);
    assert.deepEqual(
      precompile(profile, cache).warnings.map(({ code }) => code),
      ['precompiled-in-reach'],
    );
  });

  for (const [what, source, code] of [
    ['refers to others', { extends: 'docker-default' }, 'not-precompilable'],
    ['is not JSON for applyProfile', Buffer.from(`\uFEFF\uFEFF${TEXT}`), 'json-syntax'],
    ['is not JSON', 'default ALLOW\ndeny ptrace\n', 'not-precompilable'],
    ['sets flags', { ...PROFILE, flags: ['SECCOMP_FILTER_FLAG_LOG'] }, 'not-precompilable'],
    ['names a listener', { ...PROFILE, listenerPath: '/run/agent.sock' }, 'not-precompilable'],
    [
      'has warnings',
      { ...PROFILE, syscalls: [{ names: ['no_such_call'], action: 'SCMP_ACT_ALLOW' }] },
      'unknown-syscall',
    ],
    [
      'refuses what Node depends on',
      { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }] },
      'node-cannot-continue',
    ],
  ] as const) {
    it(`do not exist for a profile that ${what}`, () => {
      assert.throws(() => precompile(source as never, cache), { code });
      assert.throws(() => readdirSync(cache), { code: 'ENOENT' }, 'nothing is half done');
    });
  }

  for (const directory of ['', 'a\0b', 1, undefined]) {
    it(`cannot be written to ${JSON.stringify(directory)}`, () => {
      assert.throws(() => precompile(profile, directory as never), { code: 'bad-argument' });
    });
  }

  it('cannot be written if the directory is a file', () => {
    assert.throws(() => precompile(profile, profile), {
      code: 'bad-argument',
      message: /: ENOTDIR: not a directory\. /,
    });
  });

  for (const below of ['', 'new', 'new/er']) {
    it(`are not written to ${join('LINK', below)}, because another user may have the link lead anywhere`, () => {
      mkdirSync(cache);
      const link = join(folder, 'link');
      symlinkSync(cache, link);
      assert.throws(() => precompile(profile, join(link, below)), {
        code: 'bad-argument',
        message: new RegExp(`${link}" is a symbolic link`),
      });
      assert.deepEqual(readdirSync(cache), []);
    });
  }

  it('replace links and hard links of another user, and leave the files of the links alone', () => {
    const { file } = precompile(profile, cache);
    const victim = join(folder, 'victim');
    writeFileSync(victim, 'secret', { mode: 0o600 });
    for (const link of [symlinkSync, linkSync]) {
      rmSync(file);
      link(victim, file);
      precompile(profile, cache);
      assert.deepEqual([readFileSync(victim, 'utf8'), statSync(victim).mode & 0o777], ['secret', 0o600]);
      assert.equal(lstatSync(file).isFile() && lstatSync(file).nlink === 1, true);
      assert.equal(only(), file);
    }
  });

  it('are in new directories of the mode 0755, also above', () => {
    const { file } = precompile(profile, join(cache, 'a/b/../c/'));
    assert.deepEqual(readdirSync(join(cache, 'a')), ['c']);
    for (const directory of ['', 'a', 'a/c'])
      assert.equal(statSync(join(cache, directory)).mode & 0o777, 0o755);
    assert.ok(statSync(file).isFile());
  });

  describe('are', () => {
    beforeEach(function () {
      if (process.getuid?.() !== 0) skip(this, 'only root can write what others must not');
      precompile(profile, cache);
      forge();
      if (apply().user === undefined) skip(this, `another user cannot read ${process.cwd()}`);
    });

    /** Replaces the programs by ones that allow everything. The digest is right, so only a proof would notice. */
    function forge(minKernel: ProgramFile['minKernel'] = { major: 4, minor: 8 }): void {
      const programs = VARIANTS.map(variant => ({
        ...variant,
        bpf: ALLOW_ALL,
        digest: programDigest(Buffer.from(TEXT), arch, minKernel, variant, ALLOW_ALL, sha256),
      }));
      writeFileSync(only(), JSON.stringify({ minKernel, programs }));
    }

    /** Applies the profile and makes a refused call, by default as another user. Returns the user and the result. */
    function apply(
      options: {
        readonly source?: string;
        readonly directory?: string;
        readonly more?: string;
        readonly user?: number;
        readonly before?: string;
      } = {},
    ): { readonly user?: number; readonly call?: string } {
      const { source = profile, directory = cache, more = '', user = NOBODY, before = '' } = options;
      const outcome = inChild(
        `
        ${before}
        let call = 'made';
        try {
          s.applyProfile(${JSON.stringify(source)}, { cache: ${JSON.stringify(directory)}${more} });
          m('fs').symlinkSync('to', ${JSON.stringify(join(folder, 'open'))} + '/' + process.pid);
        } catch (error) { call = error.code; }
        tell({ user: process.getuid(), call });`,
        { user },
      );
      return outcome.stdout === '' ? {} : told(outcome);
    }
    const used = { user: NOBODY, call: 'made' };
    const compiled = { user: NOBODY, call: 'EPERM' };

    it('used without a proof by a process of another user, who could not have written them', () => {
      assert.deepEqual(apply(), used);
    });

    it('not used through a symbolic link, which could lead to files of root in a file system of the user', () => {
      const link = join(folder, 'link');
      symlinkSync(folder, link);
      assert.deepEqual(apply({ directory: join(link, 'cache') }), compiled);
      assert.deepEqual(apply({ directory: `${cache}/../cache/` }), used);
    });

    it('not used from a file system of the user that says it is of root', async function () {
      const home = join(folder, 'home');
      mkdirSync(home);
      chownSync(home, NOBODY, NOBODY);
      const mounted = await mountFuse(home, NOBODY, readFileSync(only(), 'utf8'));
      if (mounted === undefined) skip(this, 'FUSE cannot be mounted here');
      try {
        assert.deepEqual([statSync(home).uid, statSync(home).mode & 0o777], [0, 0o755]);
        for (const directory of [home, join(home, 'cache')]) assert.deepEqual(apply({ directory }), compiled);
      } finally {
        mounted.unmount();
      }
    });

    it('used for the text of the profile, whatever its source', () => {
      assert.deepEqual(apply({ source: TEXT }), used);
    });

    const own = (path: () => string) => () => chownSync(path(), NOBODY, NOBODY);
    const mode = (path: () => string, bits: number) => () => chmodSync(path(), bits);
    for (const [what, change] of [
      ['the file belongs to the user', own(() => only())],
      ['others can write to the file', mode(() => only(), 0o646)],
      ['a group can write to the file', mode(() => only(), 0o664)],
      [
        'the file is a link',
        () => {
          const file = only();
          renameSync(file, join(folder, 'elsewhere'));
          symlinkSync(join(folder, 'elsewhere'), file);
        },
      ],
      ['the directory belongs to the user', own(() => cache)],
      ['a directory above it belongs to the user', own(() => folder)],
      [
        'a directory above it is a sticky one of the user',
        () => (chmodSync(folder, 0o1777), chownSync(folder, NOBODY, NOBODY)),
      ],
      ['others can write to a directory above it', mode(() => folder, 0o777)],
      [
        'its digest is another one',
        () => writeFileSync(only(), readFileSync(only(), 'utf8').replace(/"digest":"./g, '"digest":"x')),
      ],
      ['it is no JSON', () => writeFileSync(only(), '{')],
      ['it is for newer kernels', () => forge({ major: 999, minor: 0 })],
    ] as const) {
      it(`not used if ${what}`, () => {
        change();
        assert.deepEqual(apply({ more: ', strict: true' }), compiled);
      });
    }

    it('not used if others can write to the directory, even a sticky one', () => {
      chmodSync(cache, 0o1777);
      assert.deepEqual(apply(), { user: NOBODY, call: 'bad-option' });
    });

    it('used below a sticky directory that everyone can write to, such as /tmp', () => {
      chmodSync(folder, 0o1777);
      assert.deepEqual(apply(), used);
    });

    it('not used for another text', () => {
      writeFileSync(profile, `${TEXT} `);
      assert.deepEqual(apply(), compiled);
    });

    it('missed with a warning that says how to have programs again', () => {
      writeFileSync(profile, `${TEXT} `);
      const before = `
        const { applyProfile } = s;
        const [warning] = applyProfile(${JSON.stringify(profile)}, { cache: ${JSON.stringify(cache)}, dryRun: true }).warnings;
        tell({ user: process.getuid(), call: warning.code + ': ' + warning.remedy });
        process.exit();`;
      assert.match(apply({ before }).call ?? '', /^cache-not-written: .*precompile this profile as root/);
    });

    it('as for other profiles, an error for invalid options', () => {
      for (const more of [", strict: 'yes'", ', cache: 1', ", cache: ''"])
        assert.deepEqual(apply({ more }), { user: NOBODY, call: 'bad-option' }, more);
      for (const more of [", strict: 'yes'", ', cache: 1'])
        assert.deepEqual(
          apply({ source: 'docker-default', more }),
          { user: NOBODY, call: 'bad-option' },
          more,
        );
    });

    it('described by the profile as it was when they were applied', () => {
      const file = JSON.stringify(join(folder, 'open', 'profile.json'));
      const before = `
        const { writeFileSync } = m('fs');
        writeFileSync(${file}, ${JSON.stringify(TEXT)});
        const { filter } = s.applyProfile(${file}, { cache: ${JSON.stringify(cache)}, dryRun: true });
        writeFileSync(${file}, '{');
        const { policy, instructions } = filter;
        tell({ user: process.getuid(), call: [instructions, policy.defaultAction, policy.abis[0].syscalls.size].join(' ') });
        process.exit();`;
      const { syscalls } = resolveProfile(TEXT, { kernel: NEWEST_KERNEL }).abis[0];
      assert.equal(apply({ before }).call, `1 ${SCMP_ACT_ALLOW} ${syscalls.size}`);
    });

    it('not used for other options', () => {
      for (const more of [
        ", capabilities: ['CAP_BPF']",
        ', badArch: s.SCMP_ACT_KILL_PROCESS',
        ", unknownSyscalls: 'default'",
      ])
        assert.deepEqual(apply({ more }), compiled, more);
    });

    it('not used by root, who could have written them', () => {
      assert.deepEqual(apply({ user: 0 }), { user: 0, call: 'EPERM' });
    });

    for (const [what, args] of [
      ['is root without capabilities', ['--bounding-set', '-all', '--inh-caps', '-all']],
      [
        'has a capability',
        [
          ...['--reuid', `${NOBODY}`, '--regid', `${NOBODY}`, '--clear-groups'],
          ...['--inh-caps', '+net_bind_service', '--ambient-caps', '+net_bind_service'],
        ],
      ],
      ['can become root again', ['--euid', `${NOBODY}`, '--bounding-set', '-all', '--inh-caps', '-all']],
    ] as const) {
      it(`not used by a process that ${what}`, () => {
        const again = `
          if (process.env.AGAIN === undefined) {
            const args = [...${JSON.stringify(args)}, process.execPath, ...process.execArgv];
            const { stdout, stderr } = m('child_process').spawnSync('setpriv', args, { env: { ...process.env, AGAIN: '1' } });
            m('fs').writeSync(1, stdout);
            m('fs').writeSync(2, stderr);
            process.exit();
          }`;
        assert.equal(apply({ user: 0, before: again }).call, 'EPERM');
      });
    }
  });
});
