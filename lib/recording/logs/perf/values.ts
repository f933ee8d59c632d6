// Converts the text of an argument in `perf trace` output to a register's value.
import type { AbiName } from '../../../kernel/architectures.js';
import { constantsOf } from '../../../kernel/arguments/named-values.js';
import { own } from '../../../util/own.js';
import type { RecordedParameter } from '../../recorded-arguments.js';
import { StraceValues } from '../strace/values.js';

/** Converts the texts of one log. */
export class PerfValues {
  readonly #values = new StraceValues();

  /**
   * The value of an argument; undefined if the text does not determine it. perf omits the prefix that constants of a group share.
   */
  read(text: string, parameter: RecordedParameter, abi: AbiName): bigint | undefined {
    const group = own(parameter, 'constants');
    const prefixed = text
      .split('|')
      .map(word => {
        if (group === undefined || !/^[A-Z]\w*$/.test(word)) return word;
        const prefix = group === 'SIG' ? 'SIG' : `${group}_`;
        return constantsOf(abi, group).has(`${prefix}${word}`) ? `${prefix}${word}` : word;
      })
      .join('|');
    return this.#values.read(prefixed, parameter, abi);
  }
}
