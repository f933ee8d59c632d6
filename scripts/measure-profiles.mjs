// Measures what breaks under the shipped profiles: programs under profiles that are loaded before a program starts, and tasks
// in every supported Node under profiles that are loaded later. Writes the tables of docs/purposes.md.
// Usage: node scripts/measure-profiles.mjs   after the bundle has been made. Skips programs that are not installed. npm
// modules are installed in a temporary folder, better-sqlite3 as sources.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inRoot } from './files.mjs';
import { nodeBinary } from './nodes.mjs';

const PAGE = inRoot('docs/purposes.md');
const HEADING = '## What breaks\n';
const MAJORS = [20, 22, 24, 26];
const LIMIT = 60_000;

/** Profiles for programs, the widest first. */
const BEFORE = ['docker-default', 'no-network', 'read-only', 'untrusted-build'];
/** Profiles for a process that has started. */
const AFTER = ['no-exec', 'node-server', 'node-worker', 'compute'];

const folder = mkdtempSync(join(tmpdir(), 'measure-profiles-'));

/** Modules with native code that many Node programs use. */
const MODULES = ['sharp', 'better-sqlite3'];

/** Programs, each with the command that runs it in its own folder. */
const PROGRAMS = {
  'git init, add, commit':
    'git init -q . && echo x > f && git add f && git -c user.name=a -c user.email=a@b commit -qm m && git log --oneline',
  'git log': 'git -C "$REPOSITORY" log --oneline',
  'python3: compute': 'python3 -c "print(sum(range(10)))"',
  'python3: write a file': "python3 -c \"open('f', 'w').write('x')\"",
  'python3: subprocess': 'python3 -c "import subprocess; subprocess.run([\'true\'], check=True)"',
  'gcc: compile and run': 'echo "int main(void) { return 0; }" > t.c && gcc t.c -o t && ./t',
  'npm --version': 'npm --version',
  'npm pack': 'echo \'{"name":"a","version":"1.0.0"}\' > package.json && npm pack --silent',
  'node: http server and client':
    "node -e \"const h=require('http');const s=h.createServer((q,r)=>r.end('x')).listen(0,()=>h.get({port:s.address().port},r=>{r.resume();s.close()}))\"",
  'sharp: make a picture in memory':
    "node -e \"require('sharp')({ create: { width: 99, height: 99, channels: 3, background: 'red' } }).resize(9).png().toBuffer()\"",
  'sharp: write a picture':
    "node -e \"require('sharp')({ create: { width: 99, height: 99, channels: 3, background: 'red' } }).toFile('a.png')\"",
  'better-sqlite3: a database in memory':
    "node -e \"new (require('better-sqlite3'))(':memory:').exec('create table t (a); insert into t values (1)')\"",
  'better-sqlite3: a database in a file':
    "node -e \"new (require('better-sqlite3'))('a.db').exec('create table t (a); insert into t values (1)')\"",
  'chromium --headless':
    'chromium --headless --no-sandbox --disable-gpu --user-data-dir="$PWD/c" --dump-dom about:blank | grep -q html',
  'bwrap true': 'bwrap --ro-bind / / true',
};

/** Tasks of a Node program after it loads a filter; `done()` ends it. */
const TASKS = {
  'compute, timers, garbage collection':
    'let a = []; for (let i = 0; i < 1e6; i++) a.push({ i }); setTimeout(done, 20);',
  'write to standard output': "process.stdout.write('x\\n', done);",
  'respond over http, as a server that was listening': 'answer(done);',
  'listen on another port': "require('http').createServer().on('error', fail).listen(0, done);",
  'fetch over http': 'fetch(`http://127.0.0.1:${port}/`).then(r => r.text()).then(done, fail);',
  'read a file (fs.promises)': "require('fs').promises.readFile('/etc/passwd').then(done, fail);",
  'write a file': "require('fs').writeFileSync(file, 'x'); done();",
  'import a module': "import('node:' + 'zlib').then(() => { require(module); done(); }, fail);",
  'gzip on the thread pool, which was started before':
    "require('zlib').gzip(Buffer.alloc(1e5), e => e ? fail(e) : done());",
  'start a Worker':
    "new (require('worker_threads').Worker)('0', { eval: true }).on('error', fail).on('exit', done);",
  'run a program': "require('child_process').execFile('true', e => e ? fail(e) : done());",
};

const HARNESS = `
const { applyProfile } = require('seccomp');
const http = require('http');
const [profile, task, file, module] = process.argv.slice(1);
const fail = error => { process.stderr.write(String(error)); process.exit(1); };
const done = () => process.exit(0);
process.on('uncaughtException', fail);
const other = http.createServer((q, r) => r.end('x'));
const server = http.createServer((q, r) => r.end('x')).listen(0, () => {
  const { port } = server.address();
  const socket = require('net').connect(port, () => {
    const answer = then => { socket.on('data', () => then()); socket.write('GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'); };
    applyProfile(profile);
    new Function('require', 'answer', 'port', 'file', 'module', 'done', 'fail', task)(require, answer, port, file, module, done, fail);
  });
});`;

const environment = {
  ...process.env,
  REPOSITORY: inRoot('.'),
  HOME: folder,
  npm_config_cache: join(folder, 'npm'),
  NODE_PATH: join(folder, 'node_modules'),
};

let runs = 0;
function workFolder() {
  const path = join(folder, `run-${runs++}`);
  mkdirSync(path);
  return path;
}

const passes = (command, args, options) => {
  const { status } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: LIMIT,
    env: environment,
    ...options,
  });
  return status === 0;
};

const table = (head, rows) =>
  [
    `| ${head.join(' | ')} |`,
    `|${head.map(() => '---').join('|')}|`,
    ...rows.map(row => `| ${row.join(' | ')} |`),
  ].join('\n');

function installModules() {
  console.log(`installing ${MODULES.join(' and ')} in ${folder}`);
  const headers = dirname(dirname(process.execPath));
  const options = ['--no-audit', '--no-fund', '--prefix', folder, `--nodedir=${headers}`];
  const { status } = spawnSync('npm', ['install', ...options, ...MODULES], { stdio: 'inherit' });
  if (status !== 0) console.log('left out: the modules could not be installed');
}

function programs() {
  const cli = inRoot('bundle/cli.js');
  return Object.entries(PROGRAMS).flatMap(([name, script]) => {
    const plain = passes('sh', ['-c', script], { cwd: workFolder() });
    if (!plain) return [];
    const cells = BEFORE.map(profile =>
      passes(process.execPath, [cli, 'run', profile, '--', 'sh', '-c', script], { cwd: workFolder() })
        ? 'runs'
        : '**fails**',
    );
    return [[name, ...cells]];
  });
}

function tasks() {
  const module = join(folder, 'late.cjs');
  writeFileSync(module, 'exports.late = 1;');
  return Object.entries(TASKS).map(([name, task]) => [
    name,
    ...AFTER.map(profile => {
      const works = MAJORS.filter(major =>
        passes(nodeBinary(major), ['-e', HARNESS, profile, task, join(workFolder(), 'f'), module], {
          cwd: inRoot('.'),
        }),
      );
      return works.length === MAJORS.length
        ? 'works'
        : works.length === 0
          ? '**fails**'
          : `works on ${works.join(', ')}`;
    }),
  ]);
}

if (import.meta.filename === process.argv[1]) {
  try {
    installModules();
    const versions = MAJORS.map(major =>
      spawnSync(nodeBinary(major), ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout.trim(),
    );
    const [page] = readFileSync(PAGE, 'utf8').split(HEADING);
    const text = `${page}${HEADING}
Measured with \`node scripts/measure-profiles.mjs\`, without capabilities in the profile. Programs of the machine, unchanged:

${table(['program', ...BEFORE.map(name => `\`${name}\``)], programs())}

What a Node process does after \`applyProfile\`, on Node ${versions.join(', ')}:

${table(['after the load', ...AFTER.map(name => `\`${name}\``)], tasks())}
`;
    writeFileSync(PAGE, text);
  } finally {
    if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
  }
}
