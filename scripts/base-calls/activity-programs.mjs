// Programs for one activity each, beyond what every program does.
import { get } from 'node:http';

/** @type {readonly import('./programs.mjs').Program[]} */
export const ACTIVITY_PROGRAMS = [
  {
    name: 'server',
    activity: 'http-server',
    drive: async ({ port }) => {
      for (let i = 0; i < 3; i++) await new Promise(resolve => fetchOnce(port, resolve));
    },
    run(load, { require }) {
      let left = 3;
      const server = require('http').createServer((request, response) => {
        response.end('x'.repeat(100000));
        if (--left === 0) server.close();
      });
      server.listen(0, '127.0.0.1', () => {
        load();
        const { port } = /** @type {import('net').AddressInfo} */ (server.address());
        require('fs').writeSync(1, `${process.pid} ${port}\n`);
      });
    },
  },
  {
    name: 'tcp',
    activity: 'sockets',
    run(load, { require }) {
      const net = require('net');
      load();
      const server = net
        .createServer(socket => socket.pipe(socket))
        .listen(0, '127.0.0.1', () => {
          const { port } = /** @type {import('net').AddressInfo} */ (server.address());
          const client = net.connect(port, '127.0.0.1', () => client.setNoDelay().end('hello'));
          client.resume().on('close', () => server.close());
        });
    },
  },
  {
    name: 'udp',
    activity: 'sockets',
    run(load, { require }) {
      const dgram = require('dgram');
      load();
      const server = dgram.createSocket('udp4').on('message', () => server.close());
      server.bind(0, '127.0.0.1', () => {
        const client = dgram.createSocket('udp4');
        client.send('hello', server.address().port, '127.0.0.1', () => client.close());
      });
    },
  },
  {
    name: 'fetch',
    activity: 'fetch',
    run(load, { port }) {
      load();
      void fetch(`http://127.0.0.1:${port}/`)
        .then(answer => answer.text())
        .then(text => process.exit(text === 'hello' ? 0 : 5));
    },
  },
  {
    name: 'dns.lookup',
    activity: 'dns-lookup',
    run(load, { require }) {
      const { lookup } = require('dns').promises;
      load();
      void lookup('localhost').then(() => lookup('name.invalid').catch(() => {}));
    },
  },
  {
    name: 'dns.resolve',
    activity: 'dns-resolve',
    run(load, { require }) {
      const dns = require('dns');
      load();
      const resolver = new dns.promises.Resolver({ timeout: 200, tries: 1 });
      resolver.setServers(['127.0.0.1:9']);
      void resolver.resolve4('name.invalid').catch(() => {});
    },
  },
  {
    name: 'fs sync',
    activity: 'fs-sync',
    run(load, { require }) {
      const fs = require('fs');
      const path = require('path');
      load();
      const directory = fs.mkdtempSync(path.join(require('os').tmpdir(), 'base-calls-'));
      const file = path.join(directory, 'file');
      const other = path.join(directory, 'other');
      fs.writeFileSync(file, 'text');
      fs.appendFileSync(file, 'more');
      fs.readFileSync(file, 'utf8');
      fs.statSync(file);
      fs.lstatSync(file);
      fs.accessSync(file);
      fs.existsSync(file);
      fs.copyFileSync(file, other);
      fs.renameSync(other, `${other}2`);
      fs.symlinkSync(file, other);
      fs.readlinkSync(other);
      fs.linkSync(file, `${other}3`);
      fs.realpathSync(other);
      fs.realpathSync.native(other);
      fs.chmodSync(file, 0o600);
      fs.utimesSync(file, 1, 1);
      fs.truncateSync(file, 1);
      fs.mkdirSync(path.join(directory, 'a', 'b'), { recursive: true });
      fs.readdirSync(directory, { withFileTypes: true, recursive: true });
      const descriptor = fs.openSync(file, 'r+');
      fs.writeSync(descriptor, 'at', 3);
      fs.readSync(descriptor, Buffer.alloc(4), 0, 4, 0);
      fs.fstatSync(descriptor);
      fs.fsyncSync(descriptor);
      fs.fdatasyncSync(descriptor);
      fs.closeSync(descriptor);
      fs.rmSync(directory, { recursive: true });
    },
  },
  {
    name: 'fs async',
    activity: 'fs-async',
    run(load, { require }) {
      const fs = require('fs').promises;
      const path = require('path');
      void (async () => {
        await Promise.all(Array.from({ length: 8 }, () => fs.stat('/')));
        load();
        const directory = await fs.mkdtemp(path.join(require('os').tmpdir(), 'base-calls-'));
        const file = path.join(directory, 'file');
        const other = path.join(directory, 'other');
        await fs.writeFile(file, 'text');
        await fs.appendFile(file, 'more');
        await fs.readFile(file, 'utf8');
        await fs.stat(file);
        await fs.lstat(file);
        await fs.access(file);
        await fs.copyFile(file, other);
        await fs.rename(other, `${other}2`);
        await fs.symlink(file, other);
        await fs.readlink(other);
        await fs.link(file, `${other}3`);
        await fs.realpath(other);
        await fs.chmod(file, 0o600);
        await fs.utimes(file, 1, 1);
        await fs.truncate(file, 1);
        await fs.mkdir(path.join(directory, 'a', 'b'), { recursive: true });
        await fs.readdir(directory, { withFileTypes: true, recursive: true });
        const handle = await fs.open(file, 'r+');
        await handle.write('at', 3);
        await handle.read(Buffer.alloc(4), 0, 4, 0);
        await handle.sync();
        await handle.datasync();
        await handle.close();
        const watcher = require('fs').watch(directory, () => {});
        watcher.close();
        await fs.rm(directory, { recursive: true });
      })();
    },
  },
  {
    name: 'crypto',
    activity: 'crypto',
    run(load, { require }) {
      const crypto = require('crypto');
      load();
      crypto.createHash('sha256').update('text').digest();
      crypto.randomBytes(1000);
      crypto.randomUUID();
      const pair = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
      crypto.sign('sha256', Buffer.from('text'), pair.privateKey);
      crypto.pbkdf2('secret', 'salt', 1000, 32, 'sha256', () => {});
      crypto.generateKeyPair('rsa', { modulusLength: 1024 }, () => {});
    },
  },
  {
    name: 'zlib',
    activity: 'zlib',
    run(load, { require }) {
      const zlib = require('zlib');
      load();
      const text = Buffer.alloc(1000000, 'text');
      zlib.gunzipSync(zlib.gzipSync(text));
      zlib.brotliDecompressSync(
        zlib.brotliCompressSync(text, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
      );
      zlib.gzip(text, (error, data) => zlib.gunzip(data, () => {}));
    },
  },
  {
    name: 'pool',
    activity: 'pool',
    run(load, { require }) {
      const { stat } = require('fs').promises;
      load();
      void Promise.all(Array.from({ length: 8 }, () => stat('/')));
    },
  },
  {
    name: 'worker',
    activity: 'worker',
    run(load, { require }) {
      const { Worker } = require('worker_threads');
      load();
      const source = "require('worker_threads').parentPort.on('message', m => process.exit(m))";
      const worker = new Worker(source, { eval: true });
      worker.on('online', () => worker.postMessage(0)).on('error', () => process.exit(5));
    },
  },
  {
    name: 'wasm',
    activity: 'wasm',
    run(load) {
      // (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
      const code = '0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b';
      load();
      void WebAssembly.instantiate(Buffer.from(code, 'hex')).then(({ instance }) =>
        process.exit(instance.exports.add(1, 2) === 3 ? 0 : 5),
      );
    },
  },
  {
    name: 'import',
    activity: 'import',
    run(load, { require }) {
      load();
      require('./late.cjs');
      void import('./late.mjs').then(() => import('node:sqlite').catch(() => {}));
    },
  },
  {
    name: 'child',
    activity: 'child-process',
    run(load, { require }) {
      const { execFile, execFileSync } = require('child_process');
      load();
      execFileSync('/bin/true');
      execFile('/bin/sh', ['-c', 'echo hello'], (error, stdout) =>
        process.exit(stdout === 'hello\n' ? 0 : 5),
      );
    },
  },
  {
    name: 'fork',
    activity: 'child-node',
    run(load, { require }) {
      const { fork } = require('child_process');
      load();
      const child = fork('./answer.cjs', { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
      child.on('message', message => child.send(message));
      child.on('exit', code => process.exit(code ?? 5));
    },
  },
];

/** Sends one GET request; calls back when the response has ended or failed. */
function fetchOnce(port, settled) {
  get({ port, host: '127.0.0.1', agent: false }, answer => answer.resume().on('close', settled)).on(
    'error',
    settled,
  );
}
