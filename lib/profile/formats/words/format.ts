// The words format for parseProfile.
import { ABIS } from '../../../kernel/abi.js';
import { SCMP_ACT_KILL_PROCESS } from '../../../kernel/constants.js';
import type { TextFormat } from '../text-format.js';
import { parseWords } from './parse.js';
import { resolveWords } from './resolve.js';

/** The language of explain: docs/words.md. */
export const WORDS: TextFormat = {
  format: 'words',
  name: 'a policy in words',
  // A text that begins like JSON is left to the JSON parser, which reports its mistakes.
  is: text => !/^[\s\uFEFF]*(?:$|["'/]|-?\d+\s*$|(?:null|true|false)\s*$)/.test(text),
  read(text, file, includes) {
    const words = parseWords(text, file, includes);
    return {
      defaultAction: words.defaultAction ?? words.base?.defaultAction ?? SCMP_ACT_KILL_PROCESS,
      architectures:
        words.covered === undefined
          ? (words.base?.architectures ?? { kind: 'native' })
          : {
              kind: 'list',
              architectures: Object.freeze(words.covered.map(abi => ABIS[abi].scmpName)),
            },
      policy: context => resolveWords(words, context),
    };
  },
};
