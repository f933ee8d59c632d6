// An application with several processes, like browsers and Electron: one for untrusted content, which can do almost
// nothing, one for the network, which cannot open files, and a broker that decides. They exchange messages.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { applyProfile, fork } from 'seccomp';

const refusing = (...names) => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [
    { names, action: 'SCMP_ACT_ERRNO', errno: 'EACCES' },
    {
      names: ['io_uring_setup', 'io_uring_enter', 'io_uring_register'],
      action: 'SCMP_ACT_ERRNO',
      errno: 'ENOSYS',
    },
  ],
});
const FILES = ['open', 'openat', 'openat2', 'creat'];
const SOCKETS = ['socket', 'socketpair', 'connect', 'bind', 'listen'];
const PROGRAMS = ['execve', 'execveat', 'ptrace', 'kill', 'process_vm_writev', 'pidfd_getfd'];

/** From the first instruction on. This already refuses io_uring, so that no rings are open later. */
const AT_START = { content: refusing(...SOCKETS, 'ptrace'), network: refusing('ptrace') };
/** Applied by the processes themselves once their modules are loaded: a second filter, on top of the first. */
const WHEN_READY = { content: refusing(...FILES, ...PROGRAMS), network: refusing(...FILES, ...PROGRAMS) };

const attempt = async action => {
  try {
    return await action();
  } catch (error) {
    return error.cause?.code ?? error.code;
  }
};

const role = process.argv[2];
if (role === 'network') {
  applyProfile(WHEN_READY.network);
  process.on('message', url => fetch(url).then(async answer => process.send(await answer.text())));
} else if (role === 'content') {
  applyProfile(WHEN_READY.content);
  process.once('message', async url => {
    const file = await attempt(() => readFileSync('/etc/passwd') && 'read');
    const direct = await attempt(() => once(connect(Number(new URL(url).port), '127.0.0.1'), 'connect'));
    process.send({ request: url });
    const [answer] = await once(process, 'message');
    process.send({ file, direct, answer }, () => process.exit());
  });
} else {
  const server = createServer((request, response) => response.end(`page ${request.url}`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${server.address().port}`;

  const self = fileURLToPath(import.meta.url);
  const [content, network] = ['content', 'network'].map(name =>
    fork(self, [name], { profile: AT_START[name] }),
  );

  content.send(`${origin}/allowed`);
  const [{ request }] = await once(content, 'message');
  // The broker decides, because it does not trust the messages.
  if (new URL(request).origin !== origin) throw new Error('not allowed');
  network.send(request);
  const [page] = await once(network, 'message');
  content.send(page);
  const [seen] = await once(content, 'message');
  network.kill();
  server.closeAllConnections();
  server.close();

  console.log(`the content: files ${seen.file}, sockets ${seen.direct}, through the broker: ${seen.answer}`);
  process.exitCode =
    seen.file === 'EACCES' && seen.direct === 'EACCES' && seen.answer === 'page /allowed' ? 0 : 1;
}
