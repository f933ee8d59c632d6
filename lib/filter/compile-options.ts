// The options of `compile`, grouped by purpose, in a separate module so that other users need not load the compiler.

/** Options that describe the machine. */
export const TARGET_OPTIONS = ['arch', 'kernel', 'capabilities'] as const;

/** Options that affect the meaning of a profile. */
export const RESOLVE_OPTIONS = [
  ...TARGET_OPTIONS,
  'unknownSyscalls',
  'badArch',
  'argWidth',
  'strict',
] as const;

/** Options that affect how the program is generated. */
export const PROGRAM_OPTIONS = ['codegen', 'weights', 'optimize'] as const;

export const COMPILE_OPTIONS: readonly string[] = [...RESOLVE_OPTIONS, ...PROGRAM_OPTIONS];
