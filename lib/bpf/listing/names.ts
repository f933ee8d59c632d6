// Converts names of architectures and system calls in listings to numbers, and back.
import { ABIS, syscallName, type Abi } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { SCMP_ARCHS } from '../../kernel/scmp-archs.js';

/** The one token that is not a value of `seccomp_data.arch`. */
const NO_AUDIT_VALUE = 'SCMP_ARCH_X32';

/** Every architecture that libseccomp names. Its tokens are the kernel's AUDIT_ARCH values. */
const ARCHITECTURES: ReadonlyMap<string, number> = new Map([
  ['ARCH_I386', ABIS.x86.audit],
  ...Object.entries(SCMP_ARCHS)
    .filter(([name]) => name !== NO_AUDIT_VALUE)
    .map(([name, token]) => [name.slice('SCMP_'.length), token] as const),
]);

/** The first name of a value is used: i386 has the kernel's. */
const BY_AUDIT: ReadonlyMap<number, string> = new Map(
  [...ARCHITECTURES].reverse().map(([name, audit]) => [audit, name]),
);

/** The names of architectures that `architectureNumber` accepts. */
export const architectureNames = (): Iterable<string> => ARCHITECTURES.keys();

/** The name of an AUDIT_ARCH value, e.g. `ARCH_X86_64`. */
export const architectureName = (audit: number): string | undefined => BY_AUDIT.get(audit);

/** The AUDIT_ARCH value of a name such as `ARCH_X86_64`, with or without the kernel's prefix. */
export const architectureNumber = (name: string): number | undefined =>
  ARCHITECTURES.get(name.replace(/^AUDIT_/, ''));

export const isArchitectureName = (name: string): boolean => /^(?:AUDIT_)?ARCH_/.test(name);

/** The ABIs of an AUDIT_ARCH value, the one without a marker bit first. */
const abisOf = (audit: number): readonly Abi[] =>
  Object.values(ABIS)
    .filter(abi => abi.audit === audit)
    .sort((a, b) => a.numberBit - b.numberBit);

/** The ABI whose calls are written without a prefix for an AUDIT_ARCH value. */
export const mainAbi = (audit: number): AbiName | undefined => abisOf(audit)[0]?.name;

/**
 * `read`, or `x32.read` for an ABI other than the main one; undefined for a number without a name. If the architecture
 * is not certain, the name in the assumed ABI, always with the ABI: `x86_64.read`.
 */
export function callName(audit: number | undefined, number: number, assumed?: AbiName): string | undefined {
  const abis = audit !== undefined ? abisOf(audit) : assumed === undefined ? [] : [ABIS[assumed]];
  for (const { name: abi, numberBit } of abis) {
    const name = syscallName(abi, number);
    if (name !== undefined) return audit !== undefined && numberBit === 0 ? name : `${abi}.${name}`;
  }
  return undefined;
}

/** ABIs by their prefixes: this package's names, Go's, and i386. */
const QUALIFIERS: ReadonlyMap<string, AbiName> = new Map([
  ...Object.values(ABIS).flatMap(({ name, dockerName }): [string, AbiName][] => [
    [name, name],
    [dockerName, name],
  ]),
  ['i386', 'x86'],
]);

/** Splits `x32.read` into ABI and name; undefined for a name without a prefix or an unknown ABI. */
export function splitCallName(text: string): { readonly abi: AbiName; readonly name: string } | undefined {
  const dot = text.indexOf('.');
  const abi = QUALIFIERS.get(text.slice(0, Math.max(dot, 0)));
  return abi === undefined ? undefined : { abi, name: text.slice(dot + 1) };
}
