// applyProfile in the running Node: it covers every thread, Node continues, and profiles that would stop Node are refused.
import assert from 'node:assert/strict';
import { inChild, told } from '../support/child.js';
import { FOREIGN } from '../support/native.js';

describe('applyProfile', () => {
  it('covers every thread of the process, and sets no_new_privs for all of them', () => {
    const { before, after } = told<{
      before: number;
      after: { threads: { mode: string; filters: number; noNewPrivs: boolean }[] };
    }>(
      inChild(`
        const before = s.status().threads.length;
        s.applyProfile('docker-default');
        tell({ before, after: s.status() });`),
    );
    assert.ok(before >= 7, `${before} threads`);
    assert.equal(after.threads.length, before);
    for (const { mode, filters, noNewPrivs } of after.threads)
      assert.deepEqual([mode, filters, noNewPrivs], ['filter', 1, true]);
  });

  it('returns a receipt: scope, threads, flags, layer, filter', () => {
    const receipt = told<{
      scope: string;
      threads: number;
      flags: string[];
      layers: number[];
      dryRun: boolean;
      same: boolean;
    }>(
      inChild(`
        const first = s.applyProfile('docker-default');
        const second = s.applyProfile('docker-default');
        tell({ scope: first.scope, threads: first.threads.length, flags: first.flags, layers: [first.layer, second.layer],
          dryRun: first.dryRun, same: Buffer.compare(first.filter.bpf, first.filter.bpf) === 0 });`),
    );
    assert.deepEqual(
      { ...receipt, threads: receipt.threads >= 7 },
      {
        scope: 'process',
        threads: true,
        flags: ['SECCOMP_FILTER_FLAG_TSYNC'],
        layers: [1, 2],
        dryRun: false,
        same: true,
      },
    );
  });

  it('works by require() and by import, which share one state', () => {
    const loaded = told<{ one: boolean; filters: number }>(
      inChild(`
        const required = m('seccomp');
        required.applyProfile('docker-default');
        tell({ one: required.applyProfile === s.applyProfile, filters: s.status().filters });`),
    );
    assert.deepEqual(loaded, { one: true, filters: 1 });
  });

  it('makes refused calls fail, and changes nothing else', () => {
    const result = told<{ before: string; after: string }>(
      inChild(`
        const { mkdtempSync, chmodSync, writeFileSync } = m('node:fs');
        const { execFileSync } = m('node:child_process');
        const { tmpdir } = m('node:os');
        const file = mkdtempSync(tmpdir() + '/seccomp-') + '/x';
        writeFileSync(file, '');
        const attempt = () => { try { chmodSync(file, 0o600); return 'done'; } catch (error) { return error.code; } };
        const before = attempt();
        s.applyProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [
          { names: ['chmod', 'fchmod', 'fchmodat', 'fchmodat2'], action: 'SCMP_ACT_ERRNO' }] });
        tell({ before, after: attempt() });`),
    );
    assert.deepEqual(result, { before: 'done', after: 'EPERM' });
  });

  it('loads nothing with dryRun', () => {
    const state = told<{ mode: string; dryRun: boolean }>(
      inChild(
        `const { dryRun } = s.applyProfile('docker-default', { dryRun: true }); tell({ mode: s.status().mode, dryRun });`,
      ),
    );
    assert.deepEqual(state, { mode: 'disabled', dryRun: true });
  });

  it('remains in force across fork and exec', () => {
    const { stdout } = inChild(`
      s.applyProfile('docker-default');
      m('node:child_process').execFileSync('grep', ['Seccomp:', '/proc/self/status'], { stdio: ['ignore', 'inherit', 'inherit'] });`);
    assert.match(stdout, /^Seccomp:\s+2$/m);
  });

  it('lets Node continue under load: server, fetch, files, hashing, compression, look-ups, children, new workers', () => {
    const outcome = inChild(`
      const http = m('node:http'), fs = m('node:fs'), crypto = m('node:crypto'), zlib = m('node:zlib'), dns = m('node:dns');
      const { Worker } = m('node:worker_threads'), { execFileSync } = m('node:child_process'), { promisify } = m('node:util');
      s.applyProfile('docker-default');
      const server = http.createServer((request, response) => response.end('ok')).listen(0, '127.0.0.1');
      await new Promise(done => server.on('listening', done));
      const url = 'http://127.0.0.1:' + server.address().port;
      const results = await Promise.all(Array.from({ length: 200 }, () => fetch(url).then(answer => answer.text())));
      await Promise.all(Array.from({ length: 50 }, () => fs.promises.readFile('/etc/passwd')));
      await promisify(crypto.pbkdf2)('a', 'b', 1000, 32, 'sha256');
      await promisify(zlib.gzip)(Buffer.alloc(1 << 20));
      await dns.promises.lookup('localhost');
      const worker = await new Promise(done => new Worker('1', { eval: true }).on('exit', done));
      server.close(); server.closeAllConnections();
      tell({ served: results.filter(text => text === 'ok').length, worker, child: execFileSync('echo', ['hi']).toString() });`);
    assert.deepEqual(told(outcome), { served: 200, worker: 0, child: 'hi\n' });
    assert.equal(outcome.code, 0, outcome.stderr);
  });
});

describe('applyProfile: options', () => {
  const code = (call: string): string =>
    told<{ code: string }>(
      inChild(
        `try { ${call}; tell({ code: 'none' }); } catch ({ code, message }) { tell({ code, message }); }`,
      ),
    ).code;

  const refused: readonly (readonly [name: string, call: string, code: string])[] = [
    ['a scope that there is not', `s.applyProfile('docker-default', { scope: 'proces' })`, 'bad-option'],
    ['a generator that there is not', `s.compile('docker-default', { codegen: 'llvm' })`, 'bad-option'],
    ['weights that there are not', `s.compile('docker-default', { weights: 'equal' })`, 'bad-option'],
    [
      'an answer to unknown calls that there is not',
      `s.compile('docker-default', { unknownSyscalls: 'kill' })`,
      'bad-option',
    ],
    ['an architecture that there is not', `s.compile('docker-default', { arch: 'mips' })`, 'bad-option'],
    [
      'a bad-architecture action by name',
      `s.compile('docker-default', { badArch: 'SCMP_ACT_ERRNO' })`,
      'bad-option',
    ],
    [
      'a bad-architecture action that no kernel knows',
      `s.compile('docker-default', { badArch: 0x10000 })`,
      'bad-option',
    ],
    [
      'capabilities as a string',
      `s.applyProfile('docker-default', { capabilities: 'CAP_SYS_ADMIN' })`,
      'bad-option',
    ],
    [
      'a capability without CAP_',
      `s.applyProfile('docker-default', { capabilities: ['SYS_ADMIN'] })`,
      'bad-option',
    ],
    [
      'options of a profile beside a policy',
      `s.compile(s.resolveProfile('docker-default'), { kernel: '6.1' })`,
      'bad-option',
    ],
    ['no profile', `s.applyProfile(null)`, 'not-a-profile'],
    [
      'a filter for another architecture',
      `s.load(s.compile('docker-default', { arch: '${FOREIGN}' }))`,
      'foreign-filter',
    ],
    [
      'a policy for another architecture',
      `s.applyProfile(s.resolveProfile('docker-default', { arch: '${FOREIGN}' }))`,
      'foreign-filter',
    ],
    ['something that is no filter', `s.load({})`, 'bad-filter'],
  ];
  for (const [name, call, expected] of refused) {
    it(`refuses ${name}`, () => {
      assert.equal(code(call), expected);
    });
  }

  it('suggests onViolation if a function is passed', () => {
    const { message } = told<{ message: string }>(
      inChild(`try { s.applyProfile('docker-default', { violations: () => undefined, dryRun: true }); }
        catch ({ message }) { tell({ message }); }`),
    );
    assert.match(message, /^violations cannot be .*\. Pass the result of onViolation/);
  });

  it('names the option waitKillable where there is no listener', () => {
    const { code, message } = told<{ code: string; message: string }>(
      inChild(`try { s.applyProfile('no-exec', { waitKillable: true, dryRun: true }); }
        catch ({ code, message }) { tell({ code, message }); }`),
    );
    assert.equal(code, 'flag-needs-listener');
    assert.match(message, /^waitKillable needs a listener\. Load with listener: true/);
  });
});

describe('applyProfile: profiles under which Node cannot continue', () => {
  const refusal = (profile: string, options = '{}'): { code: string; message: string; mode: string } =>
    told(
      inChild(`
      try { s.applyProfile(${profile}, ${options}); tell({ code: 'none' }); }
      catch (error) { tell({ code: error.code, message: error.message, mode: s.status().mode }); }`),
    );

  it('an empty allow-list is refused with the names of the missing calls, and nothing is loaded', () => {
    const { code, message, mode } = refusal(`{ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] }`);
    assert.equal(code, 'node-cannot-continue');
    assert.match(message, /futex \(ERRNO\(EPERM\)\)/);
    assert.equal(mode, 'disabled');
  });

  it('EPERM for clone3 is refused while the thread pool is not running', () => {
    const { code, message } = refusal(
      `{ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['clone3'], action: 'SCMP_ACT_ERRNO' }] }`,
    );
    assert.equal(code, 'node-cannot-continue');
    assert.match(message, /clone3 \(ERRNO\(EPERM\)\).*ENOSYS/s);
  });

  it('ENOSYS for clone3 is accepted, because libc falls back to clone', () => {
    const { code } = refusal(
      `{ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 }] }`,
    );
    assert.equal(code, 'none');
  });

  it('the profile is loaded with force', () => {
    const { signal, code } = inChild(`
      s.applyProfile({ defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: [] }, { force: true });`);
    assert.deepEqual({ signal, code }, { signal: 'SIGSYS', code: null });
  });

  it('a default that kills is rejected for every call that Node certainly makes, not only for fatal ones', () => {
    const base = `syscalls: [{ names: inspect.BASE_CALLS, action: 'SCMP_ACT_ALLOW' }]`;
    assert.equal(
      refusal(`{ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 38, ${base} }`).code,
      'node-cannot-continue',
      'rseq',
    );
    const { code, message } = refusal(`{ defaultAction: 'SCMP_ACT_KILL_PROCESS', ${base} }`);
    assert.equal(code, 'node-cannot-continue');
    assert.match(message, /openat \(KILL_PROCESS\)/);
  });

  it("a filter that refuses this Node's rings is refused by load, and adapted by applyProfile", () => {
    const { rings, loaded, applied } = told<{ rings: boolean; loaded: string; applied: string }>(
      inChild(`
        const rings = m('node:fs').readdirSync('/proc/self/fd').some(fd => {
          try { return m('node:fs').readlinkSync('/proc/self/fd/' + fd) === 'anon_inode:[io_uring]'; } catch { return false; } });
        const attempt = action => { try { action(); return 'done'; } catch ({ code }) { return code; } };
        const loaded = attempt(() => s.load(s.compile('docker-default').bpf, { dryRun: true }));
        tell({ rings, loaded, applied: attempt(() => s.applyProfile('docker-default')) });`),
    );
    assert.equal(loaded, rings ? 'node-cannot-continue' : 'done');
    assert.equal(applied, 'done');
  });

  it('a second profile is refused with a clear error if the first one refuses seccomp(2)', () => {
    const { code } = told<{ code: string }>(
      inChild(`
        s.applyProfile({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['seccomp'], action: 'SCMP_ACT_ERRNO' }] });
        try { s.applyProfile('docker-default'); tell({ code: 'none' }); } catch (error) { tell({ code: error.code }); }`),
    );
    assert.equal(code, 'seccomp-refused');
  });

  const READING_PROC = ['openat', 'fstat', 'newfstatat', 'getdents64', 'readlinkat', 'read', 'close'];

  for (const name of ['getdents64', 'readlinkat'])
    it(`a second profile is refused where the first one refuses ${name}, and the error names what to allow`, () => {
      const { errors, filters } = told<{
        errors: { name: string; code: string; message: string }[];
        filters: number;
      }>(
        inChild(`
          s.applyProfile('no-exec', { dryRun: true });
          const errors = [];
          const first = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['${name}'], action: 'SCMP_ACT_ERRNO' }] };
          s.applyProfile(first);
          for (const force of [false, true])
            try { s.applyProfile('no-exec', { force }); } catch ({ name, code, message }) { errors.push({ name, code, message }); }
          const status = m('node:fs').readFileSync('/proc/thread-self/status', 'utf8');
          tell({ errors, filters: Number(/Seccomp_filters:\\s*(\\d+)/.exec(status)?.[1]) });`),
      );
      // The threads, which the result lists, are read even with force.
      const codes = name === 'getdents64' ? ['rings-unreadable', 'no-such-process'] : ['rings-unreadable'];
      assert.deepEqual(
        errors.map(({ code }) => code),
        codes,
      );
      for (const { name: kind, message } of errors) {
        assert.equal(kind, 'UnsupportedError');
        for (const call of READING_PROC) assert.ok(message.includes(call), message);
      }
      assert.equal(filters, name === 'getdents64' ? 1 : 2);
    });

  it('a profile that ships is not called unknown where a filter refuses to open files', () => {
    const { code, message } = told<{ code: string; message: string }>(
      inChild(`
        s.applyProfile('compute');
        try { s.parseProfile('no-network'); } catch ({ code, message }) { tell({ code, message }); }`),
    );
    assert.equal(code, 'profile-unreadable');
    assert.match(message, /parse profiles before it is loaded/);
  });

  it('a relative path is explained where the working directory does not exist', () => {
    const { code, message } = told<{ code: string; message: string }>(
      inChild(`
        const { mkdtempSync, rmdirSync } = m('node:fs');
        const directory = mkdtempSync('/tmp/seccomp-gone-');
        process.chdir(directory);
        rmdirSync(directory);
        try { s.parseProfile('profile.json'); } catch ({ code, message }) { tell({ code, message }); }`),
    );
    assert.equal(code, 'profile-not-found');
    assert.match(message, /Pass an absolute path/);
  });

  it('a second profile is loaded if the first one allows what the error names, seccomp(2) and prctl(2)', () => {
    const { layer } = told<{ layer: number }>(
      inChild(`
        const names = [...inspect.BASE_CALLS, ...inspect.THREAD_CALLS, ...${JSON.stringify(READING_PROC)}, 'seccomp', 'prctl'];
        const second = ${JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'io_uring_setup'], action: 'SCMP_ACT_ERRNO', errno: 'ENOSYS' }] })};
        s.applyProfile(second, { dryRun: true });
        s.applyProfile({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }] });
        tell(s.applyProfile(second));`),
    );
    assert.equal(layer, 2);
  });
});
