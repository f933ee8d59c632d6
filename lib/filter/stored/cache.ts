// Caches generated programs in a directory that the caller names. Each must pass the proof against its policy before it
// is used. Only the owner may write to the directory, so that nobody else can make the proof take long.
import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { decode, encode, INSTRUCTION_SIZE, MAX_INSTRUCTIONS, type Program } from '../../bpf/program.js';
import { isPolicy, type Policy } from '../../policy/policy.js';
import { isProfile, type Profile } from '../../profile/profile.js';
import { readSource, type ProfileSource } from '../../profile/read-source.js';
import { crypto } from '../../util/builtins.js';
import type { Diagnostic } from '../../util/errors.js';
import { readRegular, WRITABLE_BY_OTHERS } from '../../util/host/read-regular.js';
import { replaceFile } from '../../util/host/replace-file.js';
import { own } from '../../util/own.js';
import { quote } from '../../util/suggest.js';
import { packageVersion } from './package-version.js';
import type { Sha256 } from './program-file.js';
import { optionError } from '../../util/options.js';

/** The place of one program. */
export interface StoredProgram {
  /** The stored program, or undefined. It must be proven. */
  read(): Program | undefined;
  /** Stores a program. Returns a warning if that failed. */
  write(program: Program): Diagnostic | undefined;
}

/** The inputs that determine the program of a policy: the text of its profile, its target, and all other `options`. */
export function programKey(
  profile: ProfileSource | Profile | Policy,
  policy: Policy,
  options: readonly unknown[],
): readonly unknown[] {
  const text = isPolicy(profile) || isProfile(profile) ? policyText(policy) : readSource(profile).text;
  const { arch, kernel, capabilities } = policy.target;
  return [text, arch, kernel.major, kernel.minor, [...capabilities].sort(), ...options];
}

/** The content of a policy without positions in its text. */
const policyText = ({ abis, defaultAction, badArch }: Policy): string =>
  JSON.stringify(
    [
      defaultAction,
      badArch,
      abis.map(({ abi, syscalls, enosysAbove }) => [abi.name, [...syscalls], enosysAbove]),
    ],
    (key, value: unknown) => (key === 'at' ? undefined : typeof value === 'bigint' ? String(value) : value),
  );

/**
 * The place in a directory for the program that `key` describes: the file name is a hash of the key and this package's version.
 * Creates the directory if it does not exist.
 *
 * Throws UsageError (`bad-option`) unless the path is a directory that belongs to this user or root and that only its owner can
 * write to.
 */
export function storedProgram(directory: unknown, key: readonly unknown[], sha256: Sha256): StoredProgram {
  checkCachePath(directory);
  const { uid } = checkedDirectory(directory);
  const name = sha256(Buffer.from(JSON.stringify([packageVersion(), ...key])));
  const file = `${directory}/${name}.bpf`;
  return {
    read: () => readEntry(file),
    write(program) {
      const temporary = `${directory}/.${name}.${process.pid}.${crypto().randomBytes(8).toString('hex')}`;
      try {
        replaceFile(file, encode(program), temporary, { flag: 'wx', mode: 0o600 });
        return undefined;
      } catch (error) {
        return {
          code: 'cache-not-written',
          severity: 'warning',
          message: `the compiled program could not be written to cache ${quote(directory)}: ${(error as Error).message}`,
          remedy: `The profile is compiled again at the next start; ${remedyFor(uid)}, or leave cache out`,
        };
      }
    },
  };
}

/** What to do if this user cannot write to a directory of another: that of root is for `precompile`. */
const remedyFor = (owner: number): string =>
  owner === 0 && owner !== own(process, 'geteuid')?.()
    ? 'precompile this profile as root with this version of the package (docs/verification.md says when its programs are used)'
    : 'make the directory writable';

/** Throws UsageError (`bad-option`) for a value that cannot be the path of a directory. */
export function checkCachePath(directory: unknown): asserts directory is string {
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0'))
    refuse(`cache must be the path of a directory`);
}

function checkedDirectory(directory: string): Stats {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    refuse(`cache ${quote(directory)} cannot be created: ${(error as Error).message}`);
  }
  const status = lstatSync(directory);
  if (!status.isDirectory()) refuse(`cache ${quote(directory)} is not a directory`);
  if (!isOwn(status)) refuse(`other users can write to cache ${quote(directory)}`);
  return status;
}

function refuse(message: string): never {
  throw optionError(
    message,
    'Pass the path of a directory that belongs to you and that no one else can write to',
  );
}

/** Whether only this user, or root, can have written a file with this status. */
const isOwn = ({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean =>
  (uid === 0 || uid === own(process, 'geteuid')?.()) && (mode & WRITABLE_BY_OTHERS) === 0;

/** Reads a program from a regular file that only the owner can have written. Files with any problem are ignored. */
function readEntry(file: string): Program | undefined {
  try {
    const bytes = readRegular(
      file,
      status => isOwn(status) && status.size <= MAX_INSTRUCTIONS * INSTRUCTION_SIZE,
    );
    return bytes && decode(bytes);
  } catch {
    return undefined;
  }
}
