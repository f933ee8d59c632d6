// lint(): its sources, options and limits.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UsageError } from '#lib/util/errors.js';
import { RULES } from '#lib/lint/rules.js';
import { atLeast } from '#lib/lint/finding.js';
import { lint, type LintOptions } from '#lib/lint/lint.js';
import { parseProfile } from '#lib/profile/parse.js';
import { failure, marked, withRule } from '../profile/helpers.js';
import { written } from '../support/written.js';
import { allows, codesOf, deny } from './helpers.js';
import { skip } from '../support/skip.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('lint', () => {
  it('has a rule for every warning of parsing and resolving', () => {
    const sources = readdirSync(`${root}lib/profile`, { recursive: true, encoding: 'utf8' })
      // Filters of Firecracker are converted, not linted.
      .filter(path => path.endsWith('.ts') && !path.startsWith('formats/firecracker/'))
      .map(path => readFileSync(`${root}lib/profile/${path}`, 'utf8'));
    const warnings = sources.flatMap(source =>
      [...source.matchAll(/\.warning\(\s*'([a-z0-9-]+)'/g)].map(([, code = '']) => code),
    );
    assert.ok(warnings.length > 15);
    assert.deepEqual(
      [...warnings, 'missing-index', 'missing-value'].filter(code => !Object.hasOwn(RULES, code)),
      [],
    );
  });

  it('returns the place of a condition', () => {
    const { text, line, column } = marked(
      withRule(
        '"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [→{ "index": 0, "op": "SCMP_CMP_GT", "value": 40 }]',
      ),
    );
    const finding = lint(text).find(({ code }) => code === 'wide-comparison');
    assert.deepEqual([finding?.at?.line, finding?.at?.column], [line, column]);
    assert.equal(finding?.at?.pointer, '/syscalls/0/args/0');
  });

  it('returns the beginning of the file for what a profile omits', () => {
    const [finding] = lint(written({ defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: [allows('mseal')] }));
    assert.equal(finding?.code, 'kill-on-probe');
    assert.deepEqual([finding.at?.line, finding.at?.column], [1, 1]);
  });

  it('returns findings in the order of the text', () => {
    const lines = lint('docker-default').map(({ at }) => at?.line ?? 0);
    assert.deepEqual(
      lines,
      lines.toSorted((a, b) => a - b),
    );
  });

  it('finds nothing of severity high in docker-default, for any machine and capabilities', () => {
    for (const arch of ['x86_64', 'aarch64'] as const) {
      for (const capabilities of [
        [],
        ['CAP_SYS_ADMIN', 'CAP_BPF', 'CAP_SYS_PTRACE', 'CAP_DAC_READ_SEARCH'],
      ]) {
        const high = lint('docker-default', { arch, capabilities }).filter(
          ({ severity }) => severity === 'high',
        );
        assert.deepEqual(high, []);
      }
    }
  });

  it('has the known findings for docker-default', () => {
    const findings = lint('docker-default').filter(({ severity }) => atLeast(severity, 'medium'));
    assert.deepEqual(codesOf(findings), ['multiplexer-open', 'wide-comparison']);
  });

  it('refuses an invalid profile with the same error as parsing', () => {
    assert.equal(failure(() => lint('{}')).code, 'missing-default-action');
  });

  it('refuses unknown options', () => {
    assert.throws(
      () => lint('docker-default', { strict: true } as LintOptions),
      (error: unknown) => error instanceof UsageError && error.code === 'bad-option',
    );
  });

  it('keeps a thousand findings of a hostile profile, and reports that there are more', () => {
    const rules = Array.from({ length: 1500 }, () => allows('read'));
    const findings = lint(deny(...rules));
    assert.equal(findings.length, 1001);
    assert.ok(codesOf(findings).includes('too-many-findings'));
  });

  it('accepts a Profile like a path', () => {
    assert.deepEqual(lint(parseProfile('docker-default')), lint('docker-default'));
  });

  it('accepts published profiles', function () {
    const folder = `${root}../shared/profiles/`;
    if (!existsSync(folder)) skip(this, 'there is no ../shared/profiles');
    const unusable = /^(?:firecracker_.*|moby-profiles_fixture_example\.json)$/;
    for (const name of readdirSync(folder).filter(file => file.endsWith('.json') && !unusable.test(file))) {
      for (const { at, message } of lint(`${folder}${name}`)) {
        assert.ok((at?.line ?? 0) > 0 && message !== '', name);
      }
    }
  });
});
