// A service that can no longer start programs, neither in its own code, nor in a library, nor in an attacker's code.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { applyProfile } from 'seccomp';

const PROFILE = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [
    { names: ['execve', 'execveat'], action: 'SCMP_ACT_ERRNO', errno: 'EACCES' },
    // Without other programs, it needs no child processes either; it can still start threads.
    { names: ['fork', 'vfork'], action: 'SCMP_ACT_ERRNO', errno: 'EACCES' },
  ],
};

const server = createServer((request, response) => {
  response.end(spawnSync('id').error?.code ?? 'started');
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');

const ask = async () => (await fetch(`http://127.0.0.1:${server.address().port}/`)).text();
const before = await ask();
applyProfile(PROFILE);
const after = await ask();
server.close();
server.closeAllConnections();

console.log(`a program that the service starts: ${before}, and under the filter: ${after}`);
process.exitCode = before === 'started' && after === 'EACCES' ? 0 : 1;
