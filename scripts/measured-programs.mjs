// Workloads of real programs, for scripts/measure-programs.mjs and scripts/measure-programs-arm64.mjs.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} Workload
 * @property {string} [why] its description, for the table
 * @property {string[]} run the command, with $DIR and $PORT
 * @property {Record<string, string>} [env]
 * @property {string} [drive] the commands of its clients, for a shell
 * @property {string} [after] the commands that print its result
 *
 * @typedef {object} Program
 * @property {string} name
 * @property {string[]} needs programs that must be installed
 * @property {string[]} [debian] their Debian packages for an emulated machine, which has Node and npm; none if they are too large
 * @property {boolean} [user] whether it runs as an unprivileged user
 * @property {string} setup the commands that fill $DIR
 * @property {Workload[]} workloads
 */

/** Splits a command line without quotes. */
const words = line => line.split(' ');
const sh = script => ['sh', '-ec', script];
const wait = test =>
  `i=0; until ${test}; do i=$((i+1)); [ $i -lt $((150 * PATIENCE)) ] && [ ! -e $DIR/ended ] || exit 9; sleep 0.1; done`;
const POSTGRES = existsSync('/usr/lib/postgresql')
  ? join('/usr/lib/postgresql', readdirSync('/usr/lib/postgresql').at(-1) ?? '', 'bin')
  : '';
const psql = `${POSTGRES}/psql -X -A -t -h $DIR -p $PORT -U pg postgres`;
const CURL = 'curl -s --max-time $((20 * PATIENCE))';

/**
 * Workloads by program. `run` is the command that is recorded; a shell runs `drive` at the same time, as its clients. Both get
 * $DIR, a folder that `setup` has filled, $PORT, and $PATIENCE, the factor of time limits. The first workload is recorded; the
 * profile must allow the others.
 *
 * @type {readonly Program[]}
 */
export const PROGRAMS = [
  {
    name: 'nginx',
    needs: ['nginx', 'curl'],
    debian: ['nginx-light', 'curl'],
    setup: `mkdir -p $DIR/www $DIR/logs; echo hello > $DIR/www/index.html; head -c 3000000 /dev/zero > $DIR/www/big
cat > $DIR/conf <<END
daemon off; worker_processes \${WORKERS:-1}; user nobody nogroup; pid $DIR/pid; error_log $DIR/logs/error.log;
events { worker_connections 64; }
http { access_log $DIR/logs/access.log; client_body_temp_path $DIR/b; proxy_temp_path $DIR/p; fastcgi_temp_path $DIR/f; uwsgi_temp_path $DIR/u; scgi_temp_path $DIR/s;
gzip \${GZIP:-off}; sendfile \${SENDFILE:-on}; server { listen 127.0.0.1:$PORT; root $DIR/www; location /no { deny all; } } }
END
chmod 755 $DIR`,
    workloads: [
      {
        run: words('nginx -c $DIR/conf'),
        drive: `${wait(`${CURL} -o /dev/null localhost:$PORT/`)}; ${CURL} localhost:$PORT/; ${CURL} localhost:$PORT/big | wc -c; kill -QUIT $(cat $DIR/pid)`,
      },
      {
        why: 'errors, ranges, a reload, logs reopened, more workers, gzip',
        env: { WORKERS: '3', GZIP: 'on', SENDFILE: 'off', LC_ALL: 'C' },
        run: words('nginx -c $DIR/conf'),
        drive: `${wait(`${CURL} -o /dev/null localhost:$PORT/`)}; for u in missing no/x ..%2f..; do ${CURL} -o /dev/null -w '%{http_code} ' localhost:$PORT/$u; done
${CURL} -X POST -d x -o /dev/null -w '%{http_code} ' localhost:$PORT/; ${CURL} -r 5-9,20-30 localhost:$PORT/big | wc -c; ${CURL} --compressed localhost:$PORT/
kill -HUP $(cat $DIR/pid); sleep 0.5; mv $DIR/logs/access.log $DIR/logs/old; kill -USR1 $(cat $DIR/pid); sleep 0.3
for i in 1 2 3 4 5 6 7 8; do ${CURL} -o /dev/null localhost:$PORT/big & done; ${CURL} localhost:$PORT/; wait; kill -TERM $(cat $DIR/pid)`,
      },
    ],
  },
  {
    name: 'redis-server',
    needs: ['redis-server', 'redis-cli'],
    debian: ['redis-server', 'redis-tools'],
    setup: 'true',
    workloads: [
      {
        run: words('redis-server --port $PORT --dir $DIR --logfile $DIR/log'),
        drive: `r="redis-cli -p $PORT"; ${wait('$r ping >/dev/null 2>&1')}; $r set a 1; $r incr a; $r lpush l x y; $r save; $r bgsave >/dev/null; sleep 0.5; $r info server | wc -l; $r get a; $r shutdown nosave || true`,
      },
      {
        why: 'errors, a big value, a script, many clients, more threads, SIGTERM',
        env: { LC_ALL: 'C' },
        run: words(
          'redis-server --port $PORT --dir $DIR --logfile $DIR/log --io-threads 3 --pidfile $DIR/pid',
        ),
        drive: `r="redis-cli -p $PORT"; ${wait('$r ping >/dev/null 2>&1')}; $r nonsense 2>&1 | head -c 30; $r get missing; $r incr a; head -c 2000000 /dev/zero | tr '\\0' x | $r -x set big; $r strlen big; $r bgsave >/dev/null; sleep 0.5
$r --no-auth-warning eval 'return redis.call("incr","a")' 0; $r config set maxmemory 100mb; $r debug sleep 0 2>&1 | head -c 2; for i in 1 2 3 4 5; do $r -r 20 lpush l x >/dev/null & done; wait; $r llen l; kill -TERM $($r info server | tr -d '\\r' | sed -n s/process_id://p)`,
      },
    ],
  },
  {
    name: 'postgres',
    needs: ['psql'],
    debian: ['postgresql'],
    user: true,
    setup: `export LC_ALL=C; ${POSTGRES}/initdb -D $DIR/data -U pg -A trust >/dev/null; echo "unix_socket_directories='$DIR'" >> $DIR/data/postgresql.conf`,
    workloads: [
      {
        run: words(`${POSTGRES}/postgres -D $DIR/data -p $PORT`),
        drive: `${wait(`${psql} -c 'select 1' >/dev/null 2>&1`)}; ${psql} -c 'create table t (a int, b text)' -c "insert into t select i, repeat('x', 900) from generate_series(1, 20000) i" -c 'create index on t (a)' -c 'vacuum analyze t' -c 'select count(*), sum(a) from t' -c 'select count(*) from (select * from t order by b, a) s'; ${psql} -c 'drop table t'; kill -INT $(head -1 $DIR/data/postmaster.pid)`,
      },
      {
        why: 'errors, an index, parallel queries, vacuum, a reload, an aborted session, a smart stop',
        env: { LC_ALL: 'C', TZ: 'Asia/Tokyo' },
        run: words(
          `${POSTGRES}/postgres -D $DIR/data -p $PORT -c max_parallel_workers=4 -c parallel_setup_cost=0 -c parallel_tuple_cost=0 -c min_parallel_table_scan_size=0`,
        ),
        drive: `${wait(`${psql} -c 'select 1' >/dev/null 2>&1`)}; ${psql} -c 'create table t (a int, b text)' -c "insert into t select i, repeat('y', 500) from generate_series(1, 30000) i" -c 'create index on t (b, a)' -c 'vacuum full analyze t' -c 'select count(*) from t where a % 7 = 3' -c 'checkpoint'; ${psql} -c 'select 1/0' 2>&1 || true; ${psql} -c 'select pg_reload_conf()'
(${psql} -c 'select pg_sleep(600)' >/dev/null 2>&1 || true) & ${wait(`[ "$(${psql} -c "select count(*) from pg_stat_activity where query like 'select pg_sleep%'")" = 1 ]`)}; ${psql} -c "select count(pg_terminate_backend(pid)) from pg_stat_activity where query like 'select pg_sleep%'"; wait; ${psql} -c 'drop table t'; kill -TERM $(head -1 $DIR/data/postmaster.pid)`,
      },
    ],
  },
  {
    name: 'python3',
    needs: ['/usr/bin/python3'],
    debian: ['python3'],
    setup: 'true',
    workloads: [
      {
        run: [
          '/usr/bin/python3',
          '-c',
          'import json, subprocess, socket, tempfile\nprint(json.dumps({"a": 1}))\nprint(subprocess.run(["echo", "x"], capture_output=True).stdout)\na, b = socket.socketpair(); a.send(b"x"); print(b.recv(1))\nwith tempfile.NamedTemporaryFile() as f: f.write(b"x"); f.flush(); print(open(f.name).read())\nimport threading, time\nt = threading.Thread(target=time.sleep, args=(0.01,)); t.start(); t.join()',
        ],
      },
      {
        why: 'threads, a signal, an exception, another locale',
        env: { LC_ALL: 'C', PYTHONUTF8: '1' },
        run: [
          '/usr/bin/python3',
          '-c',
          'import threading, signal, os, time, zlib\nr = []\nt = [threading.Thread(target=lambda: r.append(zlib.crc32(b"x" * 100000))) for _ in range(8)]\n[x.start() for x in t]; [x.join() for x in t]; print(len(r))\nsignal.signal(signal.SIGUSR1, lambda *_: print("signal")); signal.raise_signal(signal.SIGUSR1); time.sleep(0.1)\nprint(len(bytearray(50000000)))\nopen("/nonexistent")',
        ],
      },
      {
        why: 'abort()',
        run: ['/usr/bin/python3', '-c', 'import os\nprint("end", flush=True)\nos.abort()'],
      },
    ],
  },
  {
    name: 'git',
    needs: ['git'],
    debian: ['git'],
    setup: `git config --global user.name a; git config --global user.email a@b; git config --global init.defaultBranch main`,
    workloads: [
      {
        run: sh(
          'cd $DIR; git init -q r; cd r; echo 1 > a; git add a; git commit -qm one; git log --format=%s; git status --short; git checkout -qb b; seq 2000 > b; git add b; git commit -qm two; git checkout -q main; git merge -q b; git gc -q; cd ..; git clone -q r s; git -C s log --oneline | wc -l',
        ),
      },
      {
        why: 'larger files, a conflict, a bare clone, an error',
        env: { LC_ALL: 'C' },
        run: sh(
          'cd $DIR; git init -q r; cd r; seq 200000 > a; git add a; git commit -qm one; git checkout -qb b; echo b >> a; git commit -qam two; git checkout -q main; echo c >> a; git commit -qam three; git merge b || true; git checkout -q --theirs a; git commit -qam merged; git log --format=%s; git gc -q; cd ..; git clone -q --bare r s; git -C s log --oneline | wc -l; git -C r blame a | tail -1 | wc -l; git -C s show missing || true',
        ),
      },
    ],
  },
  {
    name: 'gcc',
    needs: ['gcc'],
    debian: ['gcc', 'libc6-dev'],
    setup: `printf '#include <stdio.h>\\nint main(void){puts("hello");return 0;}\\n' > $DIR/a.c; printf '#include <math.h>\\n#include <stdlib.h>\\ndouble f(double x){return sin(x)*rand();}\\n' > $DIR/b.c; echo 'int main(void){return x;}' > $DIR/c.c`,
    workloads: [
      { run: words('gcc -o $DIR/a $DIR/a.c'), after: '$DIR/a' },
      {
        why: 'an optimised library of two files',
        env: { LC_ALL: 'C' },
        run: words('gcc -O2 -g -shared -fPIC -o $DIR/lib.so $DIR/a.c $DIR/b.c -lm -pthread'),
      },
      { why: 'an error', run: words('gcc -c -o $DIR/c.o $DIR/c.c') },
    ],
  },
  {
    name: 'imagemagick',
    needs: ['/usr/bin/convert-im6.q16'],
    debian: ['imagemagick-6.q16'],
    setup: `printf 'P3\\n2 2\\n255\\n255 0 0  0 255 0\\n0 0 255  9 9 9\\n' > $DIR/a.ppm; echo broken > $DIR/b.png`,
    workloads: [
      { run: words('/usr/bin/convert-im6.q16 $DIR/a.ppm -resize 64x64 $DIR/a.jpg') },
      {
        why: 'other formats, a large image, more threads',
        env: { LC_ALL: 'C', MAGICK_THREAD_LIMIT: '4' },
        run: words('/usr/bin/convert-im6.q16 -size 1500x1500 gradient:red-blue -blur 0x3 $DIR/a.png'),
      },
      { why: 'a broken file', run: words('/usr/bin/convert-im6.q16 $DIR/b.png $DIR/b.gif') },
    ],
  },
  {
    name: 'chromium',
    needs: ['chromium'],
    user: true,
    setup: `printf '<script>document.title=1;fetch("data:,x").then(r=>r.text()).then(t=>document.body.textContent=t+[1,2,3].map(x=>x*2))</script><body>' > $DIR/a.html`,
    workloads: [
      {
        run: words(
          'chromium --headless --disable-gpu --user-data-dir=$DIR/profile --dump-dom data:text/html,<p>hello</p>',
        ),
      },
      {
        why: 'a page with scripts as a picture, another locale',
        env: { LC_ALL: 'C' },
        run: words(
          'chromium --headless --disable-gpu --user-data-dir=$DIR/profile --screenshot=$DIR/a.png --window-size=300,200 file://$DIR/a.html',
        ),
        after: 'head -c 4 $DIR/a.png | tail -c 3',
      },
      {
        why: 'a PDF',
        run: words(
          'chromium --headless --disable-gpu --user-data-dir=$DIR/profile --print-to-pdf=$DIR/a.pdf file://$DIR/a.html',
        ),
        after: 'head -c 4 $DIR/a.pdf',
      },
    ],
  },
  {
    name: 'npm',
    needs: ['npm'],
    debian: [],
    setup: `mkdir $DIR/p $DIR/q; echo '{"name":"p","version":"1.0.0","scripts":{"x":"echo run"}}' > $DIR/p/package.json; echo '{"name":"q","version":"1.0.0"}' > $DIR/q/package.json; echo 'module.exports = 1' > $DIR/q/index.js`,
    workloads: [
      {
        run: sh(
          'cd $DIR/q; npm pack --silent --no-update-notifier; cd $DIR/p; npm install --silent --offline --no-audit --no-fund --no-update-notifier $DIR/q/q-1.0.0.tgz; ls node_modules; npm run --silent x',
        ),
      },
      {
        why: 'a larger package, errors, a larger pool',
        env: { LC_ALL: 'C', UV_THREADPOOL_SIZE: '8' },
        run: sh(
          'head -c 300000 /dev/urandom > $DIR/p/zero; cd $DIR/p; npm pack --silent --no-update-notifier; cd $DIR/q; npm install --silent --offline --no-audit --no-fund --no-update-notifier $DIR/p/p-1.0.0.tgz; npm ls --no-update-notifier || true; npm run --silent missing || true',
        ),
      },
    ],
  },
  {
    name: 'fastify',
    needs: ['node', `${process.env.FASTIFY ?? '/nowhere'}/node_modules/fastify`, 'curl'],
    debian: ['curl'],
    setup: `cat > $DIR/server.cjs <<'END'
const fastify = require(process.env.FASTIFY + '/node_modules/fastify')();
const { readFile } = require('node:fs/promises');
require('node:fs').writeFileSync(process.env.DIR + '/pid', String(process.pid));
fastify.get('/', async () => ({ hello: 'world' }));
fastify.get('/file', async () => readFile(__filename, 'utf8'));
fastify.post('/', async request => request.body);
fastify.get('/boom', async () => { throw new Error('boom'); });
process.on('SIGTERM', () => fastify.close().then(() => process.exit(3)));
fastify.get('/stop', async () => { setTimeout(() => fastify.close(), 10); return 'bye'; });
fastify.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
END`,
    workloads: [
      {
        run: words('node $DIR/server.cjs'),
        drive: `${wait(`${CURL} -o /dev/null localhost:$PORT/`)}; ${CURL} localhost:$PORT/; ${CURL} localhost:$PORT/file | wc -l; ${CURL} localhost:$PORT/stop`,
      },
      {
        why: 'bodies, errors, many clients, a larger pool, SIGTERM',
        env: { LC_ALL: 'C', UV_THREADPOOL_SIZE: '12' },
        run: words('node $DIR/server.cjs'),
        drive: `${wait(`${CURL} -o /dev/null localhost:$PORT/`)}; ${CURL} -H 'content-type: application/json' -d '{"a":[1,2]}' localhost:$PORT/; ${CURL} -d '{' -H 'content-type: application/json' localhost:$PORT/ -o /dev/null -w '%{http_code} '; ${CURL} -o /dev/null -w '%{http_code} ' localhost:$PORT/boom
for i in 1 2 3 4 5 6 7 8 9 10; do ${CURL} -o /dev/null localhost:$PORT/file & done; wait; ${CURL} -w '%{http_code}' localhost:$PORT/missing -o /dev/null; kill -TERM $(cat $DIR/pid)`,
      },
    ],
  },
  {
    name: 'sqlite3',
    needs: ['sqlite3'],
    debian: ['sqlite3'],
    setup: 'true',
    workloads: [
      {
        run: [
          'sqlite3',
          '$DIR/db',
          'create table t (a, b); insert into t values (1, 2), (3, 4); select sum(a) from t;',
        ],
      },
      {
        why: 'a larger database, an index, a rollback, a backup, an error',
        env: { LC_ALL: 'C' },
        run: [
          'sqlite3',
          '$DIR/db',
          'create table t (a, b); with recursive c(x) as (select 1 union all select x + 1 from c where x < 50000) insert into t select x, hex(x) from c; create index i on t (b); select count(*) from t; begin; delete from t; rollback; select count(*) from t; vacuum;',
          '.backup $DIR/copy',
          'select * from missing',
        ],
      },
    ],
  },
  {
    name: 'tar',
    needs: ['tar', 'gzip'],
    debian: ['tar', 'gzip'],
    setup:
      'mkdir $DIR/d; echo 1 > $DIR/d/a; seq 100000 > $DIR/d/b; tar -czf $DIR/x.tgz -C $DIR d; head -c 5000000 /dev/zero > $DIR/y.tgz; ln -s a $DIR/d/l; ln $DIR/d/a $DIR/d/m; chmod 400 $DIR/d/m',
    workloads: [
      { run: words('tar -czf $DIR/a.tgz -C $DIR d'), after: 'tar -tzf $DIR/a.tgz' },
      {
        why: 'a missing file',
        env: { LC_ALL: 'C' },
        run: words('tar -czf $DIR/a.tgz -C $DIR d missing'),
      },
      {
        why: 'larger input',
        run: words('tar -czf $DIR/a.tgz -C $DIR d x.tgz y.tgz'),
        env: { LC_ALL: 'C' },
      },
    ],
  },
];
