// mocha's dots and failures; writes the totals to a file, and the slowest tests.
'use strict';
const { writeFileSync } = require('node:fs');
const { relative } = require('node:path');
const { reporters } = require('mocha');

module.exports = class extends reporters.Dot {
  constructor(runner, options) {
    super(runner, options);
    const milliseconds = {};
    let before = Date.now();
    // Hooks count for the test that they come before or after.
    runner.on('test end', ({ file }) => {
      const now = Date.now();
      const name = relative(process.cwd(), file);
      milliseconds[name] = (milliseconds[name] ?? 0) + now - before;
      before = now;
    });
    const tell = () => {
      if (process.env.MOCHA_TOTALS === undefined) throw new Error('MOCHA_TOTALS is not set');
      const { passes, failures, pending } = this.stats;
      writeFileSync(process.env.MOCHA_TOTALS, JSON.stringify({ passes, failures, pending, milliseconds }));
    };
    runner.once('end', tell);
    // Whoever ends a run that takes too long learns where it was.
    process.once('SIGTERM', () => {
      tell();
      process.exit(143);
    });
  }
};
