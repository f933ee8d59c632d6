'use strict';

const { chmodSync, mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

// Tests start thousands of processes of Node, each of which would parse these certificates, and none needs them.
delete process.env.NODE_EXTRA_CA_CERTS;

// Children that are ended by a signal leave their files. Some of them run as another user.
const scratch = mkdtempSync(join(tmpdir(), 'seccomp-tests-'));
chmodSync(scratch, 0o1777);
process.env.TMPDIR = scratch;
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

module.exports = { timeout: 60000, reporter: 'dot' };
