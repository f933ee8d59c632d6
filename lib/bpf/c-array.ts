// Formats a program as C source, for programs that do not use this package.
import { annotate, type ProgramSource } from './listing/disassemble.js';
import { hex, lineNumber } from './listing/notation.js';
import { optionError } from '../util/options.js';
import { show } from '../util/show.js';

/**
 * Formats a program as a C array of `struct sock_filter` with a comment for each instruction. It needs `#include
 * <linux/filter.h>`.
 * Throws UsageError (`bad-option`) for a name that is not a valid C identifier, ProgramError as `decode` does.
 */
export function toC(source: ProgramSource, name = 'filter'): string {
  if (typeof (name as unknown) !== 'string' || !/^[A-Za-z_]\w*$/.test(name))
    throw optionError(`${show(name)} is not a valid C identifier`, 'Use letters, digits and _');
  const lines = annotate(source).map(({ index, code, jt, jf, k, text }) => {
    return `\t{ ${hex(code, 2)}, ${jt}, ${jf}, ${hex(k, 8)} }, /* ${lineNumber(index)}: ${text} */`;
  });
  return [`static const struct sock_filter ${name}[] = {`, ...lines, '};', ''].join('\n');
}
