// Programs that do what every program does: timers, garbage collection, console output, and every way to end.
// Each is written to its own file, and calls load() when the measurement begins; see lab.mjs.

/** @type {readonly import('./programs.mjs').Program[]} */
export const BASE_PROGRAMS = [
  {
    name: 'timers',
    activity: 'base',
    run(load) {
      load();
      let turns = 0;
      const timer = setInterval(() => ++turns === 5 && clearInterval(timer), 10);
      setImmediate(() => process.nextTick(() => queueMicrotask(() => {})));
    },
  },
  {
    name: 'collector',
    activity: 'base',
    run(load) {
      load();
      const end = Date.now() + 400;
      let kept = [];
      let text = '';
      const turn = () => {
        for (let i = 0; i < 300; i++) {
          kept.push({ list: new Array(500).fill(i), bytes: Buffer.alloc(4096 + i) });
        }
        kept.push(Buffer.alloc(3000000), JSON.stringify(kept.slice(-20)), new Map(kept.entries()));
        text += 'x'.repeat(100000);
        if (text.length > 2000000) text = Buffer.from(text).toString('latin1').slice(-1);
        if (kept.length > 6000) kept = [];
        if (Date.now() < end) setImmediate(turn);
        else setTimeout(() => {}, 50);
      };
      turn();
    },
  },
  ...['pipe', 'socket', 'file', 'null'].flatMap(consolePrograms),
  {
    name: 'end by return',
    activity: 'base',
    run(load) {
      load();
    },
  },
  {
    name: 'end by process.exit',
    activity: 'base',
    ends: 3,
    run(load) {
      load();
      setTimeout(() => process.exit(3), 20);
    },
  },
  {
    name: 'end by uncaught error',
    activity: 'base',
    ends: 1,
    run(load) {
      load();
      throw new Error('uncaught');
    },
  },
  {
    name: 'end by rejected promise',
    activity: 'base',
    ends: 1,
    run(load) {
      load();
      void Promise.reject(new Error('rejected'));
    },
  },
  {
    name: 'end by SIGTERM',
    activity: 'base',
    ends: 'SIGTERM',
    drive: ({ pid }) => process.kill(pid, 'SIGTERM'),
    run(load, { require }) {
      load();
      setInterval(() => {}, 1000);
      require('fs').writeSync(1, `${process.pid}\n`);
    },
  },
  {
    name: 'end by handled SIGTERM',
    activity: 'base',
    ends: 4,
    drive: ({ pid }) => process.kill(pid, 'SIGTERM'),
    run(load, { require }) {
      process.on('SIGTERM', () => process.exit(4));
      load();
      setInterval(() => {}, 1000);
      require('fs').writeSync(1, `${process.pid}\n`);
    },
  },
  {
    name: 'filled pool',
    activity: 'base',
    run(load, { require }) {
      const { stat } = require('fs').promises;
      const filled = Promise.all(Array.from({ length: 8 }, () => stat('/')));
      // All four threads must be running, or this would measure their start.
      void filled.then(() => {
        setTimeout(() => {
          load();
          setTimeout(() => {}, 50);
        }, 50);
      });
    },
  },
  // Last, so that a call is attributed to the terminal only if nothing else needs it.
  ...consolePrograms('terminal'),
];

/** @returns {import('./programs.mjs').Program[]} */
function consolePrograms(stdout) {
  return [
    {
      name: `console, ${stdout}, opened before`,
      activity: 'base',
      stdout,
      prints: 'late',
      run(load) {
        console.log('early');
        load();
        console.log('late');
        setTimeout(() => console.log('later'), 20);
      },
    },
    {
      name: `console, ${stdout}, opened after`,
      activity: 'base',
      stdout,
      prints: 'late',
      run(load) {
        load();
        console.log('late');
        console.error('error');
      },
    },
  ];
}
