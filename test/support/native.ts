// The architecture of the machine that runs the tests, and its system calls.
import { ABIS, syscallNumber } from '#lib/kernel/abi.js';
import { ARCHITECTURES, nativeArchitecture, type Architecture } from '#lib/kernel/architectures.js';

export const NATIVE = nativeArchitecture();

/** Another supported architecture. */
export const FOREIGN = ARCHITECTURES.find(arch => arch !== NATIVE) as Architecture;

/** AUDIT_ARCH_* of this machine. */
export const nativeAudit = ABIS[NATIVE].audit;

/** Whether this machine has a call with that name. */
export const hasCall = (name: string): boolean => syscallNumber(NATIVE, name) !== undefined;

/** The number of a call on this machine. */
export function numberOf(name: string): number {
  const number = syscallNumber(NATIVE, name);
  if (number === undefined) throw new Error(`${NATIVE} has no call ${name}`);
  return number;
}
