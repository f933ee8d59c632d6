// mocha's dots and failures; also writes the totals and the time of each file to a file.
'use strict';
const { writeFileSync } = require('node:fs');
const { relative } = require('node:path');
const { reporters } = require('mocha');

module.exports = class extends reporters.Dot {
  constructor(runner, options) {
    super(runner, options);
    const milliseconds = {};
    let before = Date.now();
    // The time of hooks counts for the next test.
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
    // If a run that takes too long is terminated, the file shows how far it was.
    process.once('SIGTERM', () => {
      tell();
      process.exit(143);
    });
  }
};
