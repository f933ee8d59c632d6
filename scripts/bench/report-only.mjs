// The time that report-only adds to a command, when every call is reported and when few are, compared with strace.
import { compile, spawn } from '../../dist/entries/index.js';
import { compareCommands, comparedCommands, hasStrace, timeUnderStrace } from './compare-commands.mjs';
import { blocks } from './format.mjs';
import { profileText } from './input.mjs';
import { timeToExit } from './statistics.mjs';

export const title = 'Report-only';

export async function measure(options) {
  const nothing = compile({ defaultAction: 'SCMP_ACT_ERRNO' });
  const profile = compile(profileText);
  const strace = hasStrace();
  return compareCommands((file, args) => {
    const reported = what =>
      timeToExit(() =>
        spawn(file, args, { stdio: 'ignore', profile: what, reportOnly: true, onViolation: () => undefined }),
      );
    return {
      few: () => reported(profile),
      every: () => reported(nothing),
      ...(strace && { strace: () => timeUnderStrace(file, args) }),
    };
  }, options);
}

const NAMES = {
  few: 'report-only, `docker-default`',
  every: 'report-only, a profile that allows nothing',
  strace: '`strace -f -o /dev/null`',
};

export const render = data =>
  blocks(
    `The time of a command. Under \`docker-default\` no call of these commands stops. Under a profile that allows nothing, each call does, which is
the maximum cost of [report-only](report-only.md).`,
    comparedCommands(data, NAMES),
  );
