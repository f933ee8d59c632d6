// Runs a command that is not trusted without a network: it can make no socket of any kind, nor can what it starts.
// Usage: node examples/no-network.mjs [command [argument...]]
import { spawnSync } from 'seccomp';

const PROFILE = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [
    { names: ['socket', 'socketpair'], action: 'SCMP_ACT_ERRNO', errno: 'EACCES' },
    // Rings make sockets without the call.
    { names: ['io_uring_setup'], action: 'SCMP_ACT_ERRNO', errno: 'ENOSYS' },
    // So do other processes, for who may trace them.
    { names: ['ptrace', 'pidfd_getfd', 'process_vm_writev'], action: 'SCMP_ACT_ERRNO' },
  ],
};

/** Without a command, one that tries. */
const TRY = ['bash', '-c', 'exec 2>&1; echo > /dev/tcp/127.0.0.1/1'];

const [command, ...args] = process.argv.length > 2 ? process.argv.slice(2) : TRY;
// Descriptors are inherited: a socket among them would go on working. Those of the standard streams are pipes here.
const { status, signal, stdout, stderr } = spawnSync(command, args, { profile: PROFILE, encoding: 'utf8' });
process.stdout.write(stdout);
process.stderr.write(stderr);
if (process.argv.length > 2) process.exitCode = signal === null ? status : 1;
else process.exitCode = /socket: Permission denied/.test(stdout) ? 0 : 1;
