// Sources of profiles: paths, texts, bytes, URLs, objects and names; and hostile files.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from '#lib/util/errors.js';
import { MAX_BYTES } from '#lib/profile/json.js';
import { parseProfile } from '#lib/profile/parse.js';
import { readInput, type ProfileSource } from '#lib/profile/read-source.js';
import { failure } from './helpers.js';
import { skip } from '../support/skip.js';

const TEXT = '{"defaultAction": "SCMP_ACT_LOG"}';

describe('profile sources', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'seccomp-profile-'));
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });
  const write = (name: string, content: string | Uint8Array): string => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  };

  it('a string that starts with a brace is JSON text', () => {
    for (const text of [TEXT, `\n\t ${TEXT}`, `\uFEFF${TEXT}`, `\uFEFF \r\n${TEXT}`]) {
      assert.equal(parseProfile(text).file, '<string>');
    }
  });

  it('a string with a dot or a slash is a path', () => {
    const path = write('profile.json', TEXT);
    assert.equal(parseProfile(path).file, path);
  });

  it('a file: URL is a path', () => {
    const path = write('with space.json', TEXT);
    assert.equal(parseProfile(pathToFileURL(path)).file, path);
  });

  it('a Buffer or Uint8Array is the bytes of a text, with or without a byte order mark', () => {
    assert.equal(parseProfile(Buffer.from(TEXT)).file, '<buffer>');
    assert.equal(parseProfile(new TextEncoder().encode(`\uFEFF${TEXT}`)).file, '<buffer>');
  });

  it('the caller may name the source', () => {
    assert.equal(parseProfile(Buffer.from(TEXT), { file: '<stdin>' }).file, '<stdin>');
    assert.equal(failure(() => parseProfile('{', { file: '<stdin>' })).at?.file, '<stdin>');
  });

  it('a bare word is a shipped profile', () => {
    const profile = parseProfile('docker-default');
    assert.match(profile.file, /profiles\/docker-default\.json$/);
    assert.ok(readFileSync(profile.file).length > 0);
  });

  it('a bare word that does not ship is an error with the closest name', () => {
    const error = failure(() => parseProfile('docker-defualt'));
    assert.equal(error.code, 'unknown-profile');
    assert.equal(error.problems[0]?.remedy, 'Did you mean "docker-default"?');
  });

  it('a Profile is returned unchanged', () => {
    const profile = parseProfile(TEXT);
    assert.equal(parseProfile(profile), profile);
  });

  it('an object that looks like a Profile is not one', () => {
    assert.equal(failure(() => parseProfile({ ...parseProfile(TEXT) })).code, 'not-a-profile');
  });

  it('a symbolic link to a file is followed', () => {
    symlinkSync(write('target.json', TEXT), join(directory, 'link.json'));
    assert.equal(parseProfile(join(directory, 'link.json')).defaultAction, parseProfile(TEXT).defaultAction);
  });

  it('a file with a size of 0 is still read', function () {
    if (process.platform !== 'linux') skip(this, 'this is not Linux');
    // Files in /proc have a size of 0.
    assert.match(failure(() => parseProfile('/proc/self/status')).message, /looks like a policy of minijail/);
  });

  const wrong: readonly (readonly [what: string, source: () => ProfileSource, code: string])[] = [
    ['a path that does not exist', () => join(directory, 'nothing.json'), 'profile-not-found'],
    ['a path through a file', () => join(write('file', TEXT), 'x.json'), 'profile-not-found'],
    ['an empty string', () => '', 'profile-not-found'],
    ['a path with a NUL', () => './a\0b', 'profile-unreadable'],
    ['a path that is too long', () => `./${'x'.repeat(100_000)}`, 'profile-unreadable'],
    [
      'a link to itself',
      () => (symlinkSync('loop.json', join(directory, 'loop.json')), join(directory, 'loop.json')),
      'profile-unreadable',
    ],
    ['a directory', () => directory, 'not-a-file'],
    ['/dev/zero', () => '/dev/zero', 'not-a-file'],
    ['/dev/null', () => '/dev/null', 'not-a-file'],
    ['a URL of another scheme', () => new URL('https://example.org/profile.json'), 'profile-unreadable'],
    ['a file: URL of another host', () => new URL('file://example.org/profile.json'), 'profile-unreadable'],
    ['bytes that are not UTF-8', () => Buffer.from([0x7b, 0xff, 0x7d]), 'invalid-utf8'],
    ['a file in UTF-16', () => write('utf16.json', Buffer.from(`\uFEFF${TEXT}`, 'utf16le')), 'invalid-utf8'],
    ['an empty file', () => write('empty.json', ''), 'json-syntax'],
    ['an empty Buffer', () => Buffer.alloc(0), 'json-syntax'],
    ['a Buffer that is too large', () => Buffer.alloc(MAX_BYTES + 1, ' '), 'profile-too-large'],
    ['a text that is too large', () => `{${' '.repeat(MAX_BYTES)}`, 'profile-too-large'],
    ['a text that is too large in bytes', () => `["${'é'.repeat(MAX_BYTES / 2)}"]`, 'profile-too-large'],
  ];
  for (const [what, source, code] of wrong) {
    it(`${what} is an error: ${code}`, () => {
      assert.equal(failure(() => parseProfile(source())).code, code);
    });
  }

  it('UTF-16 is an unreadable text, not a program', () => {
    for (const text of [
      Buffer.from(`\uFEFF${TEXT}`, 'utf16le'),
      Buffer.from(`\uFEFF${TEXT}`, 'utf16le').swap16(),
    ])
      assert.throws(() => readInput(text), { code: 'invalid-utf8', message: /is UTF-16/ });
  });

  it('a text followed by NUL bytes is a text with a mistake, not a program', () => {
    const text = Buffer.from(`${TEXT}\0\0\0`);
    assert.equal(readInput(text).kind, 'text');
    assert.equal(failure(() => parseProfile(text)).code, 'json-syntax');
  });

  it('JSON after a comment is JSON with a mistake, not a policy in another format', () => {
    for (const comment of ['# why\n', '// why\n', '/* why */\n'])
      assert.equal(failure(() => parseProfile(`${comment}${TEXT}`)).code, 'json-syntax', comment);
  });

  it('a file that is too large is refused by its size', () => {
    const path = write('sparse.json', '');
    truncateSync(path, 2 ** 40);
    assert.equal(failure(() => parseProfile(path)).code, 'profile-too-large');
  });

  it('a FIFO is refused without waiting for its writer', function () {
    const path = join(directory, 'fifo');
    try {
      execFileSync('mkfifo', [path]);
    } catch {
      skip(this, 'there is no mkfifo');
    }
    assert.equal(failure(() => parseProfile(path)).code, 'not-a-file');
  });

  it('a file without read permission is an error with the reason', function () {
    if (process.getuid?.() === 0) skip(this, 'root may read every file');
    const path = write('secret.json', TEXT);
    execFileSync('chmod', ['000', path]);
    assert.equal(failure(() => parseProfile(path)).code, 'profile-unreadable');
  });

  it('other values are a usage error', () => {
    for (const source of [5, 5n, undefined, true, Symbol('profile'), () => TEXT]) {
      assert.throws(() => parseProfile(source), UsageError);
    }
  });
});
