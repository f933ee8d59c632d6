// The exit codes and examples of subcommands in --help and the manual.

import { own } from '../util/own.js';

/** Help for one subcommand. */
interface MoreHelp {
  /** The condition for exit code 1; absent if it never occurs, or if `exitCode` is given. */
  readonly no?: string;
  /** The exit code of a subcommand that ends with that of another program. */
  readonly exitCode?: string;
  /** Command lines without the word `seccomp`. */
  readonly examples: readonly string[];
}

/** The exit codes and examples of a subcommand. Throws Error if there are none. */
export function moreHelp(command: string): MoreHelp {
  const help = own(MORE_HELP, command);
  if (help === undefined) throw new Error(`add ${command} to lib/cli/more-help.ts`);
  return help;
}

const MORE_HELP: Readonly<Record<string, MoreHelp>> = {
  compile: {
    examples: ['compile docker-default -o filter.bpf', 'compile docker-default --arch aarch64 --format asm'],
  },
  precompile: { examples: ['precompile profile.json /opt/app/programs'] },
  convert: { examples: ['convert docker-default --cap CAP_SYS_ADMIN --to oci -o seccomp.json'] },
  derive: { examples: ['derive docker-default --deny @chmod --explain -o profile.json'] },
  merge: { examples: ['merge --intersection docker-default no-network -o profile.json'] },
  simulate: {
    no: 'a call is not permitted',
    examples: [
      'simulate docker-default socket AF_VSOCK',
      "simulate docker-default openat AT_FDCWD 0 'O_RDONLY|O_CLOEXEC'",
      'simulate docker-default --events calls.txt',
    ],
  },
  explain: {
    examples: ['explain docker-default socket clone', "explain docker-default 'io_uring_*' @keyring"],
  },
  diff: {
    no: 'there are differences; with --subset, if A allows something that B denies',
    examples: [
      'diff docker-default profile.json',
      'diff docker-default docker-default --cap-b CAP_SYS_ADMIN',
      'diff --subset profile.json docker-default',
    ],
  },
  lint: {
    no: 'a finding has at least the severity of --fail-on, and is neither suppressed nor in the baseline',
    examples: ['lint profile.json', 'lint --verbose --fail-on high docker-default profile.json'],
  },
  report: { examples: ['report docker-default -o report.html'] },
  playground: { examples: ['playground -o playground.html'] },
  run: {
    exitCode:
      'that of the command; 128 plus the number of the signal that ended it; 126 if it could not be executed',
    examples: [
      "run docker-default -- sh -c 'unshare -U true || echo refused'",
      'run --report docker-default -- node server.js',
      'run --report-only --report-file report.txt docker-default -- node server.js',
    ],
  },
  record: {
    exitCode: 'that of the command; 128 plus the number of the signal that ended it',
    examples: [
      'record -o calls.json -- node server.js',
      'record -o calls.json --container 4f1c2d --seconds 600',
    ],
  },
  import: { examples: ['import strace.txt -o calls.json', 'import --one-run strace.txt.* -o calls.json'] },
  generate: {
    examples: [
      'generate calls.json --for docker -o profile.json',
      'generate monday.json tuesday.json --min-runs 2 --base docker-default -o profile.json',
    ],
  },
  check: {
    no: 'the profile would certainly refuse a recorded call',
    examples: ['check profile.json calls.json', 'check docker-default calls.json --tighten -o profile.json'],
  },
  audit: {
    no: 'there are no records of seccomp',
    examples: ['audit --profile profile.json /var/log/audit/audit.log', 'audit -'],
  },
  disasm: {
    no: 'the kernel would reject the program',
    examples: ['disasm filter.bpf', 'disasm docker-default --form source'],
  },
  asm: { examples: ['asm filter.asm -o filter.bpf'] },
  dump: {
    no: 'the process has no filter, or threads with different filters',
    examples: ['dump 1234', 'dump 1234 --layer 1 --format raw --output first.bpf'],
  },
  ps: { examples: ['ps'] },
  doctor: { no: 'a check fails', examples: ['doctor'] },
  completion: {
    examples: ['completion bash > ~/.local/share/bash-completion/completions/seccomp'],
  },
};

const WRONG_USAGE = '2 for wrong usage, or a profile or file that cannot be used';

/** The exit codes of a subcommand, in a sentence. */
export const exitCodes = ({ no, exitCode }: MoreHelp): string =>
  exitCode !== undefined
    ? `${exitCode}; ${WRONG_USAGE}`
    : `0${no === undefined ? '' : `; 1 if ${no}`}; ${WRONG_USAGE}`;
