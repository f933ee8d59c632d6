// mocha's dots and failures, with the totals left in a file for whoever adds them up.
'use strict';
const { writeFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class extends reporters.Dot {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      writeFileSync(process.env.MOCHA_TOTALS, JSON.stringify({ passes, failures, pending }));
    });
  }
};
