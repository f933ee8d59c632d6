// Converts a policy to the formats that subcommands write.
import { compilePolicy, type CompilePolicyOptions } from '../filter/compile.js';
import {
  CONVERSION_FORMATS,
  convert,
  type ConversionFormat,
  type ConvertOptions,
} from '../filter/convert.js';
import type { Policy } from '../policy/policy.js';
import type { CompileFlags } from './options.js';
import { givenOptions } from '../util/options.js';

/** The formats of `--to`. */
export type Format = ConversionFormat | 'bpf';

/** The formats in the order of the help. */
export const FORMATS: readonly Format[] = [...CONVERSION_FORMATS, 'bpf'];

/** Options that only some formats have. */
export interface ConversionFlags extends CompileFlags {
  readonly category?: string;
  readonly name?: string;
}

/** Converts a policy to text, or to the bytes of its program. Throws as `convert` and `compilePolicy` do. */
export function converted(policy: Policy, to: Format, flags: ConversionFlags): string | Buffer {
  if (to === 'bpf')
    return compilePolicy(policy, givenOptions<CompilePolicyOptions>(flags, ['codegen', 'weights'])).bpf;
  return convert(policy, to, givenOptions<ConvertOptions>(flags, ['unknownSyscalls', 'category', 'name']));
}
