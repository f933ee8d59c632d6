// A host for third-party plug-ins. Each plug-in runs in its own process, which cannot open files for writing, has no
// network and cannot start programs. The results of a plug-in are untrusted data.
// Usage: node examples/plug-in-host.mjs [SECONDS]   the time limit for each
import { once } from 'node:events';
import { SandboxedWorker } from 'seccomp';
import { NEEDED_CALLS } from 'seccomp/inspect';

const needed = new Set([...NEEDED_CALLS.base, ...NEEDED_CALLS.worker]);
// Allowed below only in part, or not at all. tgkill stays, because V8 stops its threads with it; native code could signal
// other processes.
for (const name of ['openat', 'clone3', 'kill']) needed.delete(name);

const SECONDS = Number(process.argv[2] ?? 10);

/** Allows only the calls that a running Node with a worker needs. */
const PROFILE = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrno: 'EACCES',
  syscalls: [
    {
      names: [
        ...needed,
        'getcwd',
        'lseek',
        'newfstatat',
        'prctl',
        'readlink',
        'rseq',
        'set_robust_list',
        'statx',
        'uname',
      ],
      action: 'SCMP_ACT_ALLOW',
    },
    {
      comment: 'For reading: none of O_WRONLY, O_RDWR and O_CREAT',
      names: ['openat'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 2, value: 0x43, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
    },
    {
      comment: 'For threads: CLONE_THREAD',
      names: ['clone'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value: 0x10000, valueTwo: 0x10000, op: 'SCMP_CMP_MASKED_EQ' }],
    },
    { comment: 'libc falls back to clone', names: ['clone3'], action: 'SCMP_ACT_ERRNO', errno: 'ENOSYS' },
  ],
};

/** The plug-ins, which would normally be files. */
const PLUG_INS = {
  good: `const { parentPort } = require('node:worker_threads');
         parentPort.on('message', words => parentPort.postMessage(words.map(word => word.toUpperCase())));`,
  thief: `const { parentPort } = require('node:worker_threads');
          const attempt = async action => { try { await action(); return 'done'; } catch ({ code }) { return code; } };
          parentPort.on('message', async () => parentPort.postMessage([
            await attempt(() => require('node:fs/promises').writeFile('/tmp/loot', 'x')),
            await attempt(() => { throw require('node:child_process').spawnSync('id').error; }),
            await attempt(() => process.kill(process.ppid, 0)),
            await attempt(() => new Promise((resolve, reject) => require('node:net').connect(1, '127.0.0.1').once('error', reject))),
          ]));`,
  endless: `for (;;);`,
  greedy: `const all = []; for (;;) all.push(Array(1000).fill(Math.random()));`,
};

async function ask(name) {
  const worker = new SandboxedWorker(PLUG_INS[name], {
    eval: true,
    profile: PROFILE,
    // Node needs more calls to start than this profile allows. The disadvantage: Node 22 and later have opened rings by
    // then, which native code could use; a plug-in in JavaScript cannot.
    load: 'before-user-code',
    // The plug-in does not inherit this process's environment, which may contain keys and tokens.
    env: {},
    // As the same user, it could read all files of that user; root could read even more.
    ...(process.getuid() === 0 && { uid: 65534, gid: 65534 }),
    resourceLimits: { maxOldGenerationSizeMb: 32 },
  });
  worker.postMessage(['a', 'b']);
  try {
    const [answer] = await once(worker, 'message', { signal: AbortSignal.timeout(SECONDS * 1000) });
    return answer.join(' ');
  } catch (error) {
    return error.code ?? error.name;
  } finally {
    await worker.terminate();
  }
}

const names = Object.keys(PLUG_INS);
const answers = await Promise.all(names.map(ask));
names.forEach((name, index) => console.log(name.padEnd(8), answers[index]));
const expected = ['A B', 'EACCES EACCES EACCES EACCES', 'ABORT_ERR', 'ERR_WORKER_OUT_OF_MEMORY'];
process.exitCode = answers.every((answer, index) => answer === expected[index]) ? 0 : 1;
