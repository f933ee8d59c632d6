// The architectures with their ABIs, and their names in Docker and Node. All other lists are derived from this table.
import { host } from '../util/builtins.js';
import { UnsupportedError } from '../util/errors.js';
import { badOption } from '../util/options.js';

/** The ABIs of each architecture, the native one first, and its names in Docker and in `process.arch`. */
const TABLE = {
  x86_64: { abis: ['x86_64', 'x86', 'x32'], docker: 'amd64', node: 'x64' },
  aarch64: { abis: ['aarch64', 'arm'], docker: 'arm64', node: 'arm64' },
} as const;

/** The architectures for which filters can be compiled; a profile decides which of the 32-bit ABIs to cover. */
export type Architecture = keyof typeof TABLE;

/** Other names that options accept for architectures: those of Docker and of `process.arch`. */
export type ArchitectureAlias = (typeof TABLE)[Architecture]['docker' | 'node'];

/** The ABIs for which filters can be compiled. */
export type AbiName = (typeof TABLE)[Architecture]['abis'][number];

export const ARCHITECTURES = Object.keys(TABLE) as readonly Architecture[];

/** The name of an architecture in Docker. */
export const dockerNameOf = <Name extends Architecture>(arch: Name): (typeof TABLE)[Name]['docker'] =>
  TABLE[arch].docker;

const BY_NAME: ReadonlyMap<unknown, Architecture> = new Map(
  ARCHITECTURES.flatMap(arch =>
    [arch, TABLE[arch].docker, TABLE[arch].node].map((name): [string, Architecture] => [name, arch]),
  ),
);

/** The architecture with this name, in this package, Docker or Node; undefined for any other value. */
export const architectureByName = (name: unknown): Architecture | undefined => BY_NAME.get(name);

/** The names that `architectureByName` accepts. */
export const architectureNames = (): readonly string[] => [...BY_NAME.keys()].map(String);

/** What to do about any other name, such as that of a 32-bit ABI. */
export const architectureRemedy = (): string =>
  `Choose one of: ${architectureNames().join(', ')}; the 32-bit ABIs are those that the profile lists`;

/** The value of an option `arch`. Throws UsageError (`bad-option`). */
export function architectureOption(arch: unknown): Architecture | undefined {
  const found = architectureByName(arch);
  if (arch !== undefined && found === undefined) throw badOption('arch', arch, architectureRemedy());
  return found;
}

/** Every ABI that a kernel of this architecture may serve, the native one first. */
export const abisOf = (arch: Architecture): readonly AbiName[] => TABLE[arch].abis;

/**
 * Looks up ABIs by another program's names. The table has an entry for every ABI, so that the compiler reports a new ABI
 * without names.
 */
export const abisByName = (
  names: Readonly<Record<AbiName, readonly string[]>>,
): ReadonlyMap<string, AbiName> =>
  new Map(
    ARCHITECTURES.flatMap(abisOf).flatMap(abi => names[abi].map((name): [string, AbiName] => [name, abi])),
  );

/** Whether the ABI is the native one of an architecture. */
export const isNative = (abi: AbiName): abi is AbiName & Architecture => Object.hasOwn(TABLE, abi);

/** The architecture whose kernels serve an ABI. */
export const architectureOf = (abi: AbiName): Architecture => {
  const found = ARCHITECTURES.find(arch => abisOf(arch).includes(abi));
  if (found === undefined) throw new RangeError(`${abi} is not an ABI of any architecture`);
  return found;
};

/** The architecture of this process. Throws UnsupportedError if it is not in the table. */
export function nativeArchitecture(): Architecture {
  const here = host()?.arch;
  const arch = ARCHITECTURES.find(name => TABLE[name].node === here);
  if (arch === undefined) {
    throw new UnsupportedError(
      'unsupported-architecture',
      here === undefined
        ? 'this package does not compile filters for this machine'
        : `this package does not compile filters for ${here}`,
      `Name a target: ${ARCHITECTURES.join(' or ')}`,
    );
  }
  return arch;
}
