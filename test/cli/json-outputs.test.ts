// output.schema.json describes the --json output of subcommands, which has names next to numbers.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toJson } from '#lib/cli/output.js';
import { compile } from '#lib/filter/compile-profile.js';
import { diff } from '#lib/filter/inspect/diff.js';
import { explain } from '#lib/filter/inspect/explain.js';
import { differencesJson, explanationJson, simulationJson } from '#lib/filter/inspect/json.js';
import { simulate } from '#lib/filter/inspect/simulate.js';
import { ABIS } from '#lib/kernel/abi.js';
import { lint } from '#lib/lint/lint.js';
import { parseProfile } from '#lib/profile/parse.js';
import { cliTogether } from '../support/child.js';
import { schemaValidator } from '../support/json-schema.js';

const profiles = readdirSync(fileURLToPath(new URL('../../../profiles', import.meta.url)))
  .filter(name => name.endsWith('.json'))
  .map(name => name.replace('.json', ''));

/** A cache of validators, because creating one takes a while. */
const validators = new Map<string, ReturnType<typeof schemaValidator>>();

const assertDescribed = (definition: string, json: string): void => {
  const validate = validators.get(definition) ?? schemaValidator('output.schema.json', definition);
  validators.set(definition, validate);
  assert.deepEqual(validate(JSON.parse(json)), [], json.slice(0, 2000));
};

describe('output.schema.json', () => {
  it('describes explanations, differences, simulations and findings of every shipped profile', () => {
    const base = compile('docker-default', { arch: 'x86_64' });
    const whole = explanationJson(explain(base));
    assertDescribed('explain', toJson(whole));
    for (const name of profiles) {
      const filter = compile(name, { arch: 'x86_64' });
      assertDescribed('explain', toJson(explanationJson(explain([base, filter], 'socket'))));
      assertDescribed('diff', toJson(differencesJson(diff(base, filter))));
      const event = { arch: ABIS.x86_64.audit, syscall: 41, args: [1n] };
      assertDescribed('simulate', toJson(simulationJson(simulate([base, filter], event), ['a', 'b'])));
    }
    assertDescribed('lint', toJson(lint(parseProfile('docker-default'), { arch: 'x86_64' })));
  }).timeout(60_000);

  it('describes the output of subcommands', () => {
    const directory = mkdtempSync(join(tmpdir(), 'seccomp-json-'));
    try {
      const file = (name: string, text: string): string => {
        writeFileSync(join(directory, name), text);
        return join(directory, name);
      };
      const log = file('strace', '1 socket(AF_UNIX, SOCK_STREAM, 0) = 3\nnonsense\n');
      const audit = file(
        'audit',
        'audit: type=1326 audit(1.2:3): pid=4 comm="x" exe="/x" sig=31 arch=c000003e syscall=165 compat=0 ip=0x5 code=0x80000000\n',
      );
      const recording = join(directory, 'recording');
      const lines: readonly (readonly [definition: string, ...words: string[]])[] = [
        ['import', 'import', '--arch', 'x86_64', '--json', log],
        ['import', 'import', '--arch', 'x86_64', '--json', log, '-o', recording],
        ['generate', 'generate', '--json', recording],
        ['check', 'check', '--json', 'no-network', recording],
        ['audit', 'audit', '--json', '--profile', 'docker-default', audit],
        ['event', 'simulate', '--json', 'no-exec', '--events', file('events', 'read 0\n')],
        ['compile', 'compile', '--json', 'no-exec'],
        ['precompile', 'precompile', '--json', 'docker-default', join(directory, 'programs')],
        ['disasm', 'disasm', '--json', 'no-exec'],
        // It loads a word but does not return.
        ['disasm', 'disasm', '--json', file('refused.bpf', '\u0020\0\0\0\0\0\0\0')],
        ['asm', 'asm', '--json', file('program.asm', 'return ALLOW\n')],
        ['playground', 'playground', '--json', '-o', join(directory, 'page.html')],
        ['ps', 'ps', '--json'],
        ['doctor', 'doctor', '--json'],
        ['error', 'compile', '--json', file('broken.json', '{ "defaultAction": "SCMP_ACT_NO" }')],
        ['error', 'simulate', '--json', 'no-exec', 'no_such'],
      ];
      const outcomes = cliTogether(lines.map(([, ...words]) => words));
      lines.forEach(([definition, ...words], index) => {
        const { stdout = '', stderr = '' } = outcomes[index] ?? {};
        assert.notEqual(stdout, '', `${words.join(' ')}: ${stderr}`);
        assertDescribed(definition, stdout);
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  }).timeout(60_000);

  it('rejects output that no subcommand writes', () => {
    const problems = schemaValidator('output.schema.json', 'diff');
    assert.notDeepEqual(problems([{ from: 0, to: 1 }]), []);
    assert.notDeepEqual(schemaValidator('output.schema.json')({ unknown: 1 }), []);
  });
});

describe('--json', () => {
  const filter = compile('docker-default', { arch: 'x86_64' });

  it('has the names of actions, arguments and constants next to numbers in explain', () => {
    const [first] = explanationJson(explain(filter, 'socket')).abis;
    const [call] = first?.syscalls ?? [];
    assert.equal(call?.otherwiseName, 'ALLOW');
    assert.equal(call.cases[0]?.actionName, 'ERRNO(EPERM)');
    assert.equal(call.cases[0].condition, 'domain is AF_ALG or AF_VSOCK');
    assert.equal(call.cases[0].when?.[0]?.[0]?.ofName, 'domain');
  });

  it('has these names in diff', () => {
    const [change] = differencesJson(diff(filter, compile('no-network', { arch: 'x86_64' }), 'socket'));
    assert.equal(change?.fromName, 'ALLOW');
    assert.equal(change.toName, 'ERRNO(EPERM)');
    assert.equal(change.witness.name, 'socket');
    assert.equal(change.witness.abi, 'x86_64');
    assert.deepEqual(
      change.witness.arguments?.map(({ name }) => name),
      ['domain', 'type', 'protocol'],
    );
    assert.match(change.condition, /domain is /);
  });

  it('has these names in simulate', () => {
    const event = { arch: ABIS.x86_64.audit, syscall: 41, args: [40n] };
    const { call, layers } = simulationJson(simulate(filter, event), ['docker-default']);
    assert.deepEqual(call.arguments?.[0], { name: 'domain', value: 40n, words: 'AF_VSOCK' });
    assert.equal(layers[0]?.reason?.actionName, 'ERRNO(EPERM)');
    assert.equal(layers[0].reason.unmet?.[0]?.conditions[0]?.argName, 'domain');
  });
});
