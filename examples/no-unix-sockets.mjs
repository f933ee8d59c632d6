// Refuses one family of sockets: AF_UNIX, through which a program could reach Docker, D-Bus or a database. The network keeps working.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { spawnSync } from 'node:child_process';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyProfile } from 'seccomp';

const AF_UNIX = 1;

applyProfile({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [
    {
      // The family is a plain argument, unlike the path. socketpair creates two ends without a path:
      // Node needs it for its children's pipes.
      names: ['socket'],
      action: 'SCMP_ACT_ERRNO',
      errno: 'EAFNOSUPPORT',
      args: [{ index: 0, value: AF_UNIX, op: 'SCMP_CMP_EQ' }],
    },
    // Otherwise a program could create sockets through a ring.
    { names: ['io_uring_setup'], action: 'SCMP_ACT_ERRNO', errno: 'ENOSYS' },
  ],
});

const server = createServer(socket => socket.end('hello'));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const [data] = await once(connect(server.address().port, '127.0.0.1'), 'data');
server.close();

const [{ code }] = await once(connect(join(tmpdir(), 'docker.sock')), 'error');
const child = spawnSync('echo', ['hello'], { encoding: 'utf8' }).stdout.trim();

console.log(`TCP: ${data}; a child's pipes: ${child}; AF_UNIX: ${code}`);
process.exitCode =
  String(data) === 'hello' && child === 'hello' && code in constants.errno && code === 'EAFNOSUPPORT' ? 0 : 1;
