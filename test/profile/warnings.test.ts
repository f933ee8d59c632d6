// Warnings about profiles: codes, places, and remedies.
import assert from 'node:assert/strict';
import { formatDiagnostic } from '#lib/util/errors.js';
import { parseProfile } from '#lib/profile/parse.js';
import { parseFirecracker } from '#lib/profile/formats/firecracker/parse.js';
import { resolveProfile } from '#lib/profile/resolve/resolve.js';
import { codes, failure, marked, withCondition, withRule } from './helpers.js';

/** A text with an arrow at the finding, its code, its pointer, and a pattern for its message and remedy. */
type Case = readonly [text: string, code: string, pointer: string, says: RegExp];

const ALLOW = '"action": "SCMP_ACT_ALLOW"';
const ERRNO = '"action": "SCMP_ACT_ERRNO"';
const READ = '"names": ["read"]';

const warnings: readonly Case[] = [
  ['{→"DEFAULTACTION": "SCMP_ACT_ERRNO"}', 'key-case', '/DEFAULTACTION', /read as "defaultAction"/],
  ['{"defaultAction": "SCMP_ACT_ERRNO", →"ſyscalls": []}', 'key-case', '/ſyscalls', /read as "syscalls"/],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", →"syscall": []}',
    'unknown-key',
    '/syscall',
    /Did you mean "syscalls"\?/,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", →"constructor": {}}',
    'unknown-key',
    '/constructor',
    /is unknown here/,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": →1}',
    'errno-ignored',
    '/defaultErrnoRet',
    /SCMP_ACT_ALLOW/,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": →0}',
    'errno-zero',
    '/defaultErrnoRet',
    /reports success/,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "defaultErrno": →"ENOSYS"}',
    'errno-conflict',
    '/defaultErrno',
    /ENOSYS.*EPERM/,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "listenerMetadata": →"x"}',
    'listener-metadata-ignored',
    '/listenerMetadata',
    /listenerPath/,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", →"SCMP_ARCH_MIPS"]}',
    'architecture-not-compiled',
    '/architectures/1',
    /SCMP_ARCH_MIPS/,
  ],
  [
    '{"defaultAction": "SCMP_ACT_ERRNO", "archMap": [{"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": [→"SCMP_ARCH_PPC"]}]}',
    'architecture-not-compiled',
    '/archMap/0/subArchitectures/0',
    /SCMP_ARCH_PPC/,
  ],
  [withRule(`${READ}, ${ALLOW}, "errnoRet": →99999`), 'errno-ignored', '/syscalls/0/errnoRet', /only/i],
  [withRule(`${READ}, ${ALLOW}, "errno": →"EPERM"`), 'errno-ignored', '/syscalls/0/errno', /SCMP_ACT_ALLOW/],
  [withRule(`${READ}, ${ERRNO}, "errnoRet": →0`), 'errno-zero', '/syscalls/0/errnoRet', /not executed/],
  [
    withRule(`"names": ["read", →"opeenat"], ${ALLOW}`),
    'unknown-syscall',
    '/syscalls/0/names/1',
    /Did you mean "openat"\?/,
  ],
  [
    withRule(`"names": [→"Read"], "action": "SCMP_ACT_LOG"`),
    'unknown-syscall',
    '/syscalls/0/names/0',
    /Did you mean "read"\?/,
  ],
  [withRule(`"names": [→"\\ud800"], ${ALLOW}`), 'unknown-syscall', '/syscalls/0/names/0', /\\ud800/],
  [withRule(`${READ}, ${ALLOW}, →"action2": 1`), 'unknown-key', '/syscalls/0/action2', /"action"/],
  [withRule(`${READ}, ${ALLOW}, →"Args": []`), 'key-case', '/syscalls/0/Args', /"args"/],
  [
    withRule(`${READ}, ${ALLOW}, "includes": {→"cap": []}`),
    'unknown-key',
    '/syscalls/0/includes/cap',
    /"caps"/,
  ],
  [
    withRule(`${READ}, ${ALLOW}, "includes": {"caps": [→"cap_sys_admin"]}`),
    'capability-spelling',
    '/syscalls/0/includes/caps/0',
    /"CAP_SYS_ADMIN"/,
  ],
  [
    withRule(`${READ}, ${ALLOW}, "excludes": {"caps": [→"SYS_ADMIN"]}`),
    'capability-spelling',
    '/syscalls/0/excludes/caps/0',
    /"CAP_SYS_ADMIN"/,
  ],
  [
    withRule(`${READ}, ${ALLOW}, "includes": {"caps": [→"CAP_SYS_ADMN"]}`),
    'unknown-capability',
    '/syscalls/0/includes/caps/0',
    /never matches.*"CAP_SYS_ADMIN"/s,
  ],
  [
    withRule(`${READ}, ${ALLOW}, "includes": {"arches": [→"x86_64"]}`),
    'arch-spelling',
    '/syscalls/0/includes/arches/0',
    /Did you mean "amd64"\?/,
  ],
  [
    withRule(`${READ}, ${ALLOW}, "excludes": {"arches": [→"aarch64"]}`),
    'arch-spelling',
    '/syscalls/0/excludes/arches/0',
    /Did you mean "arm64"\?/,
  ],
  [
    withRule(`${READ}, ${ALLOW}, "includes": {"arches": [→"SCMP_ARCH_X86"]}`),
    'arch-spelling',
    '/syscalls/0/includes/arches/0',
    /Did you mean "x86"\?/,
  ],
  [
    withRule(`${READ}, ${ALLOW}, "includes": {"arches": [→"vax"]}`),
    'arch-spelling',
    '/syscalls/0/includes/arches/0',
    /never matches/,
  ],
  [
    withCondition(`"index": 0, "value": 1, "valueTwo": 2, "op": "SCMP_CMP_EQ"`).replace(
      '[{ "index',
      '[→{ "index',
    ),
    'value-two-ignored',
    '/syscalls/0/args/0',
    /SCMP_CMP_EQ/,
  ],
  [
    withCondition(`"index": 0, "value": 1, "valueTwo": 3, "op": "SCMP_CMP_MASKED_EQ"`).replace(
      '[{ "index',
      '[→{ "index',
    ),
    'bits-outside-mask',
    '/syscalls/0/args/0',
    /0x3.*0x1.*Write 1/s,
  ],
  [
    withCondition(`"value": 1, "op": "SCMP_CMP_EQ"`).replace('[{ "value', '[→{ "value'),
    'missing-index',
    '/syscalls/0/args/0',
    /0/,
  ],
  [
    withCondition(`"index": 1, "op": "SCMP_CMP_EQ"`).replace('[{ "index', '[→{ "index'),
    'missing-value',
    '/syscalls/0/args/0',
    /0/,
  ],
  [
    withRule(
      `${READ}, ${ALLOW}, "args": →[{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]`,
    ),
    'repeated-argument',
    '/syscalls/0/args',
    /any one of these conditions is enough/,
  ],
];

describe('warnings about profiles', () => {
  for (const [source, code, pointer, says] of warnings) {
    const { text, line, column } = marked(source);
    it(`${code}: ${source.replaceAll(/\s+/g, ' ').slice(0, 150)}`, () => {
      const profile = parseProfile(Buffer.from(text), { file: 'p.json' });
      assert.deepEqual(codes(profile.warnings), [code]);
      const [warning] = profile.warnings;
      assert.deepEqual(warning?.at, { file: 'p.json', line, column, pointer });
      assert.equal(warning?.severity, 'warning');
      assert.match(formatDiagnostic(warning), says);

      const error = failure(() => parseProfile(Buffer.from(text), { strict: true, file: 'p.json' }));
      assert.deepEqual(error.problems, [{ ...warning, severity: 'error' }]);
    });
  }

  it('become errors with strict, even for a parsed Profile', () => {
    const profile = parseProfile('{"DefaultAction": "SCMP_ACT_LOG"}');
    assert.equal(failure(() => parseProfile(profile, { strict: true })).code, 'key-case');
  });

  it('require strict to be a boolean', () => {
    for (const strict of [0, 1, 'false', null] as unknown as boolean[]) {
      const refused = { code: 'bad-option', message: /^strict cannot be / };
      const profile = '{"defaultAction": "SCMP_ACT_LOG"}';
      assert.throws(() => parseProfile(profile, { strict }), refused);
      assert.throws(() => resolveProfile(profile, {}, { strict }), refused);
      assert.throws(() => parseFirecracker({ vmm: {} }, { strict }), refused);
    }
  });

  it('do not include architectures of other machines in archMap', () => {
    const archMap = [{ architecture: 'SCMP_ARCH_S390X', subArchitectures: ['SCMP_ARCH_S390'] }];
    assert.deepEqual(parseProfile({ defaultAction: 'SCMP_ACT_LOG', archMap }).warnings, []);
  });

  it('do not include a valueTwo of 0', () => {
    assert.deepEqual(
      parseProfile(withCondition('"index": 0, "value": 1, "valueTwo": 0, "op": "SCMP_CMP_NE"')).warnings,
      [],
    );
  });

  it('do not include names of any Linux architecture', () => {
    assert.deepEqual(
      parseProfile(withRule(`"names": ["s390_pci_mmio_read", "socketcall", "riscv_flush_icache"], ${ERRNO}`))
        .warnings,
      [],
    );
  });
});
