// The architectures with their ABIs and Node's names. All other lists are derived from this table.
import { host } from '../util/builtins.js';
import { UnsupportedError } from '../util/errors.js';

/** The ABIs of each architecture, the native one first, and its name in `process.arch`. */
const TABLE = {
  x86_64: { abis: ['x86_64', 'x86', 'x32'], node: 'x64' },
  aarch64: { abis: ['aarch64', 'arm'], node: 'arm64' },
} as const;

/** The architectures for which filters can be compiled; a profile decides which of the 32-bit ABIs to cover. */
export type Architecture = keyof typeof TABLE;

/** The ABIs for which filters can be compiled. */
export type AbiName = (typeof TABLE)[Architecture]['abis'][number];

export const ARCHITECTURES = Object.keys(TABLE) as readonly Architecture[];

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
