// A worker that is ended with terminate() cannot clean up, but leaves nothing behind.
import assert from 'node:assert/strict';
import { inChild, told } from '../support/child.js';
import { skip } from '../support/skip.js';

const REPORT = 'reportOnly: true, onViolation() {}';
const PROFILE = `profile: 'docker-default', ${REPORT}`;

interface Seen {
  /** The process ID of a child; 0 for none, or the code of an error. */
  readonly started: number | string;
  readonly descriptors: readonly [before: number, during: number, after: number];
  readonly traced: readonly [during: boolean, after: boolean];
}

describe('A worker that is ended with terminate()', () => {
  for (const [what, code, ownsTracer] of [
    ['startRecording', 'startRecording()', true],
    ['applyProfile with reportOnly', `applyProfile('docker-default', { ${REPORT} })`, true],
    [
      "fork with reportOnly and load: 'before-user-code'",
      `fork('test/fixtures/waits.mjs', [], { ${PROFILE}, load: 'before-user-code' })`,
      true,
    ],
    ['record of running processes', 'record({ pid: process.pid })', false],
    // These processes cannot continue without their tracer.
    ['record of a command', "record('sleep', ['60'])", false],
    ['spawn with reportOnly', `spawn('sleep', ['60'], { ${PROFILE} })`, false],
  ] as const)
    it(`leaves no descriptors${ownsTracer ? ' and no tracer' : ''} of ${what}`, function () {
      const outcome = inChild(`
        const { Worker } = m('worker_threads');
        const { once } = m('events');
        const { readdirSync, readFileSync, readlinkSync } = m('fs');
        const linkOf = fd => { try { return readlinkSync('/proc/self/fd/' + fd); } catch { return ''; } };
        const count = () => readdirSync('/proc/self/fd').filter(fd => /^pipe:|^socket:|seccomp/.test(linkOf(fd))).length;
        const isTraced = pid => !/^TracerPid:\\t0$/m.test(readFileSync(\`/proc/\${pid}/status\`, 'utf8'));
        const start = code => new Worker(\`
          import { parentPort } from 'node:worker_threads';
          import { applyProfile, fork, record, spawn, startRecording } from 'seccomp';
          const started = () => {
            try { const result = \${code}; return result.child?.pid ?? result.pid ?? 0; }
            catch (error) { return error.code; }
          };
          parentPort.on('message', () => {});
          parentPort.postMessage(started());\`, { eval: true });
        const end = async (code, before) => {
          const worker = start(code);
          const [started] = await once(worker, 'message');
          const traced = typeof started === 'number' && started > 0 ? started : process.pid;
          if (${ownsTracer} && traced !== process.pid) await until(() => isTraced(traced));
          const during = [count(), isTraced(traced)];
          await worker.terminate();
          const limit = Date.now() + 3000;
          await until(() => Date.now() > limit || (count() <= before && !(${ownsTracer} && isTraced(traced))));
          const seen = { started, descriptors: [before, during[0], count()], traced: [during[1], isTraced(traced)] };
          if (traced !== process.pid) process.kill(traced, 'SIGKILL');
          return seen;
        };
        // What Node and the add-on keep is opened for the first worker.
        await end('0', Infinity);
        tell(await end(${JSON.stringify(code)}, count()));`);
      const { started, descriptors, traced } = told<Seen>(outcome);
      if (started === 'perf-unavailable') skip(this, 'perf events cannot be recorded here');
      assert.equal(typeof started, 'number', `${started}`);
      const [before, during, after] = descriptors;
      assert.ok(during > before);
      assert.equal(after, before);
      if (ownsTracer) assert.deepEqual(traced, [true, false]);
    });
});
