// The mocha reporter inside the virtual machine: prints a line of JSON per test for the host.
'use strict';
const { reporters } = require('mocha');

const tell = (kind, test, more) =>
  console.log(`@${kind} ${JSON.stringify({ title: test.titlePath().join(' › '), ...more })}`);

module.exports = class extends reporters.Base {
  constructor(runner, options) {
    super(runner, options);
    runner.on('pass', test => tell('passed', test, { ms: test.duration }));
    runner.on('pending', test => tell('skipped', test));
    runner.on('fail', (test, error) => tell('failed', test, { why: error.stack ?? String(error) }));
  }
};
