// Workers of node:cluster, each of which drops the calls it does not need once it is listening. The primary keeps its
// permissions, so that it can start new workers.
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { applyProfile, status } from 'seccomp';

const FILE = '/etc/hostname';

/** For a worker: it can no longer open files, connect, or start programs. */
const PROFILE = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [
    {
      names: ['open', 'openat', 'openat2', 'creat', 'execve', 'execveat', 'socket', 'connect'],
      action: 'SCMP_ACT_ERRNO',
      errno: 'EACCES',
    },
  ],
};

const read = () => {
  try {
    return readFileSync(FILE) && 'read';
  } catch ({ code }) {
    return code;
  }
};

if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()];
  // Two messages report that it is confined, and where it listens.
  const ports = await Promise.all(workers.map(async worker => (await once(worker, 'message'))[0]));
  const answers = await Promise.all(
    [...ports, ...ports].map(async port => (await fetch(`http://127.0.0.1:${port}/`)).text()),
  );
  for (const worker of workers) worker.kill();
  console.log(`workers: ${answers.join(' ')}; the primary: ${read()}, ${status().mode}`);
  process.exitCode = answers.every(answer => answer === 'EACCES') && status().mode === 'disabled' ? 0 : 1;
} else {
  // The primary opens the socket and passes on connections, so the worker needs no permission for that.
  const server = createServer((request, response) => response.setHeader('connection', 'close').end(read()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // All threads of this process, but no other process.
  applyProfile(PROFILE);
  process.send(server.address().port);
}
