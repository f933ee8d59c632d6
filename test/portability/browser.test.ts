// `seccomp/inspect` in a program for browsers: it needs no module of Node and no files, and compiles the same programs as in
// Node.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { findChromium, openPage } from '../report/chromium.js';
import { browserScript, compileAll, digests, expected } from './corpus.js';
import { skip } from '../support/skip.js';

describe('seccomp/inspect in a browser', function () {
  this.timeout(120_000);
  let script = '';
  before(async () => {
    script = await browserScript();
  });

  describe('with only JavaScript and web APIs', () => {
    let run: (code: string) => unknown;
    before(() => {
      const context = createContext({ URL, TextEncoder, TextDecoder, btoa });
      runInContext(script, context);
      run = code => runInContext(code, context);
    });

    const codeOf = (expression: string): unknown =>
      run(`(() => { try { ${expression}; } catch (error) { return error.code + ': ' + error.message; } })()`);

    for (const [what, code, result] of [
      ['compile', `seccomp.compile('docker-default', { arch: 'x86_64' }).bpf.length % 8`, 0],
      [
        'explain',
        `seccomp.formatExplanation(seccomp.explain(seccomp.compile('docker-default', { arch: 'x86_64' }))).includes('AF_ALG')`,
        true,
      ],
      [
        'diff',
        `seccomp.diff(seccomp.compile('{"defaultAction":"SCMP_ACT_ALLOW"}', { arch: 'x86_64' }),
          seccomp.compile('{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO"}]}', { arch: 'x86_64' }))
          .map(({ place }) => place.abi + ' ' + place.syscall).join()`,
        'x86_64 read',
      ],
      [
        'lint',
        `seccomp.lint('{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}', { arch: 'x86_64' })
          .some(({ code }) => code === 'rule-equals-default')`,
        true,
      ],
      [
        'simulate',
        `seccomp.actionName(seccomp.simulate(seccomp.compile('docker-default', { arch: 'x86_64' }),
          seccomp.parseEvent('socket AF_ALG', 'x86_64')).action)`,
        'ERRNO(EPERM)',
      ],
      [
        'disassemble and assemble',
        `(program => JSON.stringify(seccomp.assemble(seccomp.disassemble(program))) === JSON.stringify(program))(
          seccomp.compile('docker-default', { arch: 'x86_64' }).program)`,
        true,
      ],
      [
        'convert',
        `JSON.parse(seccomp.convert(seccomp.resolveProfile('docker-default', { arch: 'x86_64' }), 'oci')).defaultAction`,
        'SCMP_ACT_ERRNO',
      ],
      [
        'check',
        `seccomp.checkProfile('docker-default', [seccomp.readLog('socket(AF_ALG, SOCK_SEQPACKET, 0) = 3', { arch: 'x86_64' }).recording])
          .refused.map(({ syscall }) => syscall).join()`,
        'socket',
      ],
      [
        'baselines',
        `Object.keys(seccomp.makeBaseline(seccomp.lint('{"defaultAction":"SCMP_ACT_ALLOW"}', { arch: 'x86_64' })).findings).every(key => /^[0-9a-f]{32}$/.test(key))`,
        true,
      ],
      ['sarif', `seccomp.toSarif(seccomp.lint('docker-default', { arch: 'x86_64' })).version`, '2.1.0'],
      [
        'reports',
        `seccomp.htmlReport('docker-default', { arch: 'x86_64' }).includes('AF_ALG or AF_VSOCK')`,
        true,
      ],
    ] as const)
      it(`has ${what}`, () => {
        assert.equal(run(code), result);
      });

    for (const [what, code, message] of [
      [
        'a path',
        `seccomp.compile('./profile.json', { arch: 'x86_64' })`,
        /^profile-unreadable: .*do not have/,
      ],
      ['a file: URL', `seccomp.parseProfile(new URL('file:///x.json'))`, /^profile-unreadable: /],
      [
        'no architecture',
        `seccomp.compile('docker-default')`,
        /^unsupported-architecture: .*x86_64 or aarch64/,
      ],
      [
        'the generator of libseccomp',
        `seccomp.compile('docker-default', { arch: 'x86_64', codegen: 'libseccomp' })`,
        /^unsupported-platform: /,
      ],
      ['an option of a wrong type', `seccomp.compile('docker-default', { arch: {} })`, /^bad-option: /],
      ['an unknown name', `seccomp.compile('docker-defualt')`, /^unknown-profile: .*docker-default/],
    ] as const)
      it(`refuses ${what} with an error that explains it`, () => {
        assert.match(String(codeOf(code)), message);
      });
  });

  const chromium = findChromium();
  it('compiles every profile to the same bytes as in Node, in Chromium', async function () {
    if (chromium === undefined) return skip(this, 'there is no Chromium');
    const folder = mkdtempSync(join(tmpdir(), 'seccomp-browser-'));
    try {
      const path = join(folder, 'page.html');
      writeFileSync(path, '<!doctype html><meta charset="utf-8"><title>a bundle</title>');
      const page = await openPage(chromium, pathToFileURL(path).href);
      try {
        await page.evaluate(`${script}; globalThis.seccomp = seccomp; 0`);
        const results = await page.evaluate<Record<string, string>>(compileAll);
        assert.deepEqual(digests(results), expected);
        assert.ok(Object.values(expected).filter(result => result.length === 64).length >= 2);
        assert.deepEqual(page.complaints, []);
        assert.equal(page.requests.length, 1);
      } finally {
        await page.close();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
