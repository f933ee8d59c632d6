'use strict';

const { chmodSync, mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

// Tests start thousands of Node processes. Each would parse these certificates, and none needs them.
delete process.env.NODE_EXTRA_CA_CERTS;

// Children that a signal ends leave files behind. Some children run as another user.
const scratch = mkdtempSync(join(tmpdir(), 'seccomp-tests-'));
chmodSync(scratch, 0o1777);
process.env.TMPDIR = scratch;
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

module.exports = { timeout: 60000, reporter: 'dot' };
