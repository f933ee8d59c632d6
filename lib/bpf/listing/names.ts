// Names of architectures and system calls as a listing has them, both ways.
import { ABIS, syscallName, type Abi } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { SCMP_ARCHS } from '../../kernel/scmp-archs.js';

/** The token that the kernel never puts into `seccomp_data.arch`. */
const NO_AUDIT_VALUE = 'SCMP_ARCH_X32';

/** Every architecture that libseccomp names: its tokens are the kernel's AUDIT_ARCH values. */
const ARCHITECTURES: ReadonlyMap<string, number> = new Map([
  ['ARCH_I386', ABIS.x86.audit],
  ...Object.entries(SCMP_ARCHS)
    .filter(([name]) => name !== NO_AUDIT_VALUE)
    .map(([name, token]) => [name.slice('SCMP_'.length), token] as const),
]);

/** The first name counts: i386 goes by the kernel's. */
const BY_AUDIT: ReadonlyMap<number, string> = new Map(
  [...ARCHITECTURES].reverse().map(([name, audit]) => [audit, name]),
);

/** Names of architectures that can be written. */
export const architectureNames = (): Iterable<string> => ARCHITECTURES.keys();

/** `ARCH_X86_64` for its AUDIT_ARCH value. */
export const architectureName = (audit: number): string | undefined => BY_AUDIT.get(audit);

/** The AUDIT_ARCH value of `ARCH_X86_64`, with the kernel's prefix too. */
export const architectureNumber = (name: string): number | undefined =>
  ARCHITECTURES.get(name.replace(/^AUDIT_/, ''));

export const isArchitectureName = (name: string): boolean => /^(?:AUDIT_)?ARCH_/.test(name);

/** The ABIs of an AUDIT_ARCH value, the one whose numbers have no marker bit first. */
const abisOf = (audit: number): readonly Abi[] =>
  Object.values(ABIS)
    .filter(abi => abi.audit === audit)
    .sort((a, b) => a.numberBit - b.numberBit);

/** The ABI whose calls go by their bare names under an AUDIT_ARCH value. */
export const mainAbi = (audit: number): AbiName | undefined => abisOf(audit)[0]?.name;

/**
 * `read`, or `x32.read` for an ABI beside the main one; undefined for a number without a name. Where the
 * architecture is not certain, the name in the ABI to assume, always with that ABI: `x86_64.read`.
 */
export function callName(audit: number | undefined, number: number, assumed?: AbiName): string | undefined {
  const abis = audit !== undefined ? abisOf(audit) : assumed === undefined ? [] : [ABIS[assumed]];
  for (const { name: abi, numberBit } of abis) {
    const name = syscallName(abi, number);
    if (name !== undefined) return audit !== undefined && numberBit === 0 ? name : `${abi}.${name}`;
  }
  return undefined;
}

/** ABIs by the possible prefixes: this package's name, Go's, and i386. */
const QUALIFIERS: ReadonlyMap<string, AbiName> = new Map([
  ...Object.values(ABIS).flatMap(({ name, dockerName }): [string, AbiName][] => [
    [name, name],
    [dockerName, name],
  ]),
  ['i386', 'x86'],
]);

/** ABI and name in it of `x32.read`; undefined for a bare name or an ABI that there is not. */
export function splitCallName(text: string): { readonly abi: AbiName; readonly name: string } | undefined {
  const dot = text.indexOf('.');
  const abi = QUALIFIERS.get(text.slice(0, Math.max(dot, 0)));
  return abi === undefined ? undefined : { abi, name: text.slice(dot + 1) };
}
