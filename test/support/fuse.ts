// Mounts a FUSE file system whose files seem to belong to root, as a user can over a folder of theirs by fusermount3(1).
import { spawn, spawnSync } from 'node:child_process';
import { openSync, read, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A file system that can be removed. */
export interface Mounted {
  unmount(): void;
}

/**
 * Mounts a file system over a folder for a user. It contains the folder `cache`, in which every file has this content. Returns
 * undefined if this machine does not allow it.
 */
export async function mountFuse(folder: string, user: number, content: string): Promise<Mounted | undefined> {
  const server = spawn(process.execPath, [fileURLToPath(import.meta.url), folder, String(user), content], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const isMounted = await new Promise<boolean>(resolve => {
    server.stdout.once('data', () => resolve(true));
    server.once('exit', () => resolve(false));
  });
  if (!isMounted) return undefined;
  return {
    unmount() {
      spawnSync('umount', ['--lazy', folder]);
      server.kill();
    },
  };
}

/** Numbers of requests. Source: enum fuse_opcode of linux/fuse.h. */
const LOOKUP = 1;
const FORGET = 2;
const GETATTR = 3;
const OPEN = 14;
const READ = 15;
const STATFS = 17;
const RELEASE = 18;
const FLUSH = 25;
const INIT = 26;
const BATCH_FORGET = 42;
const ENOSYS = 38;

const [ROOT, CACHE, FILE] = [1n, 2n, 3n];

/** The bytes of numbers of these sizes. */
function struct(...fields: readonly (readonly [bits: 16 | 32 | 64, value: number | bigint])[]): Buffer {
  const bytes = Buffer.alloc(fields.reduce((size, [bits]) => size + bits / 8, 0));
  let at = 0;
  for (const [bits, value] of fields) {
    if (bits === 64) bytes.writeBigUInt64LE(BigInt(value), at);
    else bytes.writeUIntLE(Number(value), at, bits / 8);
    at += bits / 8;
  }
  return bytes;
}

/** struct fuse_attr: what stat(2) returns. */
function attributes(node: bigint, size: number): Buffer {
  const mode = node === FILE ? 0o100644 : 0o40755;
  const times = Array.from({ length: 3 }, () => [64, 0] as const);
  const parts = Array.from({ length: 3 }, () => [32, 0] as const);
  const owner = [32, 0] as const;
  const rest = Array.from({ length: 3 }, () => [32, 0] as const);
  return struct(
    [64, node],
    [64, size],
    [64, 0],
    ...times,
    ...parts,
    [32, mode],
    [32, 1],
    owner,
    owner,
    ...rest,
  );
}

/** The response to a request; undefined if it gets none. */
function respond(opcode: number, node: bigint, content: string): Buffer | number | undefined {
  const size = Buffer.byteLength(content);
  switch (opcode) {
    case INIT:
      return Buffer.concat([
        struct([32, 7], [32, 31], [32, 65536], [32, 0], [32, 0], [32, 65536]),
        Buffer.alloc(40),
      ]);
    case LOOKUP: {
      const found = node === ROOT ? CACHE : FILE;
      return Buffer.concat([
        struct([64, found], [64, 0], [64, 0], [64, 0], [64, 0]),
        attributes(found, size),
      ]);
    }
    case GETATTR:
      return Buffer.concat([Buffer.alloc(16), attributes(node, size)]);
    case OPEN:
      return Buffer.alloc(16);
    case READ:
      return Buffer.from(content);
    case STATFS:
      return Buffer.alloc(80);
    case RELEASE:
    case FLUSH:
      return Buffer.alloc(0);
    case FORGET:
    case BATCH_FORGET:
      return undefined;
    default:
      return -ENOSYS;
  }
}

/** Serves requests until the file system is unmounted. */
function serve(device: number, content: string): void {
  const buffer = Buffer.alloc(1 << 20);
  read(device, buffer, 0, buffer.length, null, error => {
    // EPERM before the mount, ENODEV after it.
    if (error !== null)
      return error.code === 'EPERM' ? void setTimeout(serve, 1, device, content) : undefined;
    const unique = buffer.readBigUInt64LE(8);
    const response = respond(buffer.readUInt32LE(4), buffer.readBigUInt64LE(16), content);
    if (response !== undefined) {
      const [failure, body] = typeof response === 'number' ? [response, Buffer.alloc(0)] : [0, response];
      writeSync(
        device,
        Buffer.concat([struct([32, 16 + body.length], [32, failure >>> 0], [64, unique]), body]),
      );
    }
    serve(device, content);
  });
}

function main([folder = '', user = '', content = '']: readonly string[]): void {
  const device = openSync('/dev/fuse', 'r+');
  serve(device, content);
  const options = `fd=3,rootmode=40755,user_id=${user},group_id=${user},allow_other,nosuid,nodev`;
  const mount = spawn('mount', ['-i', '-t', 'fuse', '-o', options, 'none', folder], {
    stdio: ['ignore', 'ignore', 'inherit', device],
  });
  mount.once('exit', code => {
    if (code === 0) process.stdout.write('mounted\n');
    else process.exit(1);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
