// Compiles and proves a profile in advance, for processes that apply it later.
import { join } from 'node:path';
import {
  architectureOption,
  nativeArchitecture,
  type Architecture,
  type ArchitectureAlias,
} from '../../kernel/architectures.js';
import { kernelAtLeast, type KernelVersion } from '../../kernel/kernel-version.js';
import { compilePolicy } from '../../filter/compile.js';
import { precompiledName } from '../../filter/stored/precompiled.js';
import { programDigest, VARIANTS, type ProgramFile, type Sha256 } from '../../filter/stored/program-file.js';
import { sha256 } from '../../native.js';
import { isJson } from '../../profile/formats/json-or-yaml.js';
import { mayNameOthers, parseText } from '../../profile/parse.js';
import { type Profile } from '../../profile/profile.js';
import { readSource, type ProfileSource, type SourceText } from '../../profile/read-source.js';
import { crypto } from '../../util/builtins.js';
import { CompileError, UsageError, type Diagnostic } from '../../util/errors.js';
import { inFolder } from '../../util/host/out-of-reach.js';
import { replaceFile } from '../../util/host/replace-file.js';
import { badArgument } from '../../util/failures.js';
import { pickOptions } from '../../util/options.js';
import { own } from '../../util/own.js';
import { quote } from '../../util/suggest.js';
import { variantOf } from './apply-profile.js';
import { obstacles, refuseObstacles } from '../preflight.js';

/** Options of `precompile`. */
export interface PrecompileOptions {
  /** The architecture of the machines that will apply the profile. Default: that of this process. */
  readonly arch?: Architecture | ArchitectureAlias | undefined;
}

/** The result of `precompile`. */
export interface PrecompiledPrograms {
  /** The path of the file with the programs. */
  readonly file: string;
  /** A warning (`precompiled-in-reach`) if others than root can change the directory: then the programs are not used. */
  readonly warnings: readonly Diagnostic[];
}

/**
 * Compiles and proves a profile for the option `cache` of `applyProfile`, and writes the programs to a directory: with and
 * without rings of io_uring, and for `violations`. They are valid on the newest `minKernel` in the profile and on all
 * newer kernels.
 *
 * `applyProfile` uses them without another proof, and without parsing the profile, if only root can have written them and
 * the process is not root: for example, if root builds an image with a service that runs as another user. The text of the
 * profile and the version of this package must be the same, and no option may change the meaning of the profile.
 *
 * Creates the directory with the mode 0755 if it does not exist, and follows no symbolic link in its path. Throws
 * ProfileError if the profile has problems or warnings, CompileError (`not-precompilable`) if it is not JSON, refers to
 * other profiles, or sets flags or a listener, LoadError (`node-cannot-continue`) if it refuses calls that Node depends
 * on, and UsageError (`bad-argument`, `bad-option`), also if the directory cannot be written to.
 */
export function precompile(
  source: ProfileSource,
  directory: string,
  options: PrecompileOptions = {},
): PrecompiledPrograms {
  return precompileText(readSource(source), directory, options);
}

/** Like `precompile`, for a source that has been read. */
export function precompileText(
  source: SourceText,
  directory: string,
  options: PrecompileOptions,
): PrecompiledPrograms {
  const arch = architectureOption(pickOptions(options, ['arch']).arch) ?? nativeArchitecture();
  const content = `${JSON.stringify(programFile(source, arch, sha256))}\n`;
  const name = precompiledName(source.text, arch, sha256);
  const warnings = write(checkedPath(directory), name, content) ? [] : [inReach(directory)];
  return { file: join(directory, name), warnings };
}

/** The programs of a profile. Throws as `precompile` does. */
export function programFile(source: SourceText, arch: Architecture, sha256: Sha256): ProgramFile {
  const { text, file } = source;
  if (!isJson(text)) refuse(`${quote(file)} is not JSON`);
  if (mayNameOthers(text)) refuse(`${quote(file)} may refer to other profiles, which can change`);
  const profile = parseText(source, true);
  const minKernel = newestKernel(profile);
  const programs = VARIANTS.map(variant => {
    const policy = variantOf(profile, { arch, kernel: minKernel, strict: true }, variant);
    if (policy.flags.length > 0) refuse(`${quote(file)} sets ${policy.flags.join(' and ')}`);
    if (own(policy, 'listener') !== undefined) refuse(`${quote(file)} names a listener`);
    refuseObstacles(obstacles(policy, false));
    const bpf = compilePolicy(policy).bpf.toString('base64');
    const digest = programDigest(Buffer.from(text), arch, minKernel, variant, bpf, sha256);
    return { ...variant, digest, bpf };
  });
  return { minKernel, programs };
}

function refuse(reason: string): never {
  throw new CompileError(
    'not-precompilable',
    `${reason}, so that its programs cannot be used without the profile`,
    'Pass cache alone: the programs are then compiled at the first start, and proven at each',
  );
}

/** The newest kernel that a rule requires. On it and all newer kernels, the conditions on the kernel have the same result. */
function newestKernel({ rules }: Profile): KernelVersion {
  return rules
    .flatMap(({ includes, excludes }) => [own(includes, 'minKernel'), own(excludes, 'minKernel')])
    .filter(kernel => kernel !== undefined)
    .reduce((newest, kernel) => (kernelAtLeast(kernel, newest) ? kernel : newest), { major: 0, minor: 0 });
}

function checkedPath(directory: unknown): string {
  if (typeof directory === 'string' && directory !== '' && !directory.includes('\0')) return directory;
  throw badArgument('directory', directory, 'Pass the path of a directory');
}

/**
 * Writes a file to a directory, which is created if it does not exist. It may be another user's, who must not be able to have
 * root write elsewhere. Returns whether only root can change what is in it.
 */
function write(directory: string, name: string, content: string): boolean {
  const temporary = `.${name}.${process.pid}.${crypto().randomBytes(8).toString('hex')}`;
  try {
    return inFolder(
      directory,
      ({ place, isRoots }) => {
        replaceFile(join(place, name), content, join(place, temporary), { flag: 'wx', mode: 0o644 });
        return isRoots;
      },
      true,
    );
  } catch (error) {
    // Without the path, which is that of a descriptor.
    const [reason = ''] = (error as Error).message.split(/, [a-z]+(?: '|$)/);
    throw new UsageError(
      'bad-argument',
      `the programs could not be written to ${quote(directory)}: ${reason}`,
      'Pass the path of a directory that you can write to, without symbolic links; /proc must be mounted',
    );
  }
}

const inReach = (directory: string): Diagnostic => ({
  code: 'precompiled-in-reach',
  severity: 'warning',
  message: `others than root can change ${quote(directory)} or a directory above it, so applyProfile will not use the programs`,
  remedy:
    'Use a directory that belongs to root with the mode 0755, in directories of that kind, and in no FUSE file system',
});
