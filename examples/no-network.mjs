// Runs an untrusted command without a network: the command and its children can only create AF_UNIX sockets.
// Usage: node examples/no-network.mjs [command [argument...]]
import { spawnSync } from 'seccomp';

/** AF_UNIX sockets and pairs connect processes of this machine: Node's pipes to its children, asyncio and Chromium use them. */
const AF_UNIX = 1;

const PROFILE = {
  defaultAction: 'SCMP_ACT_ALLOW',
  // Without these, 32-bit programs would be killed at their first call.
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
  ],
  syscalls: [
    {
      // Every other family: AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_VSOCK, AF_ALG, and future ones.
      names: ['socket', 'socketpair'],
      action: 'SCMP_ACT_ERRNO',
      errno: 'EACCES',
      args: [{ index: 0, value: AF_UNIX, op: 'SCMP_CMP_NE' }],
    },
    // 32-bit programs make the same calls through socketcall, whose arguments are in memory: no filter can read them.
    { names: ['socketcall'], action: 'SCMP_ACT_ERRNO', errno: 'EACCES' },
    // Rings create sockets without any of these calls.
    {
      names: ['io_uring_setup', 'io_uring_enter', 'io_uring_register'],
      action: 'SCMP_ACT_ERRNO',
      errno: 'ENOSYS',
    },
    // A process that can trace others could take their sockets.
    { names: ['ptrace', 'pidfd_getfd', 'process_vm_readv', 'process_vm_writev'], action: 'SCMP_ACT_ERRNO' },
  ],
};

/** The default command, which tries to connect. */
const TRY = ['bash', '-c', 'exec 2>&1; echo > /dev/tcp/127.0.0.1/1'];

const [command, ...args] = process.argv.length > 2 ? process.argv.slice(2) : TRY;
// An inherited socket would still work. The standard streams are pipes here.
const { status, signal, stdout, stderr } = spawnSync(command, args, { profile: PROFILE, encoding: 'utf8' });
process.stdout.write(stdout);
process.stderr.write(stderr);
if (process.argv.length > 2) process.exitCode = signal === null ? status : 1;
else process.exitCode = /socket: Permission denied/.test(stdout) ? 0 : 1;
