// Resolves the names in tests, depending on the content of the accumulator.
import { ABIS, syscallNumber } from '../../kernel/abi.js';
import type { AbiName } from '../../kernel/architectures.js';
import { didYouMeanCall } from '../../kernel/calls/suggest-call.js';
import { didYouMean, quote } from '../../util/suggest.js';
import type { Known } from '../listing/known.js';
import {
  architectureNames,
  architectureNumber,
  isArchitectureName,
  mainAbi,
  splitCallName,
} from '../listing/names.js';
import { WORD } from '../program.js';
import { failAt, show, type Token } from './tokens.js';

/** The AUDIT_ARCH value of an architecture's name; undefined for other names. */
export function architectureOf(token: Token): number | undefined {
  if (!isArchitectureName(token.text)) return undefined;
  return (
    architectureNumber(token.text) ??
    failAt(
      token,
      'unknown-name',
      `there is no architecture ${show(token)}`,
      didYouMean(token.text, architectureNames(), 'Write its AUDIT_ARCH value as a number'),
    )
  );
}

/**
 * The value of a name in a test. `abi` is the ABI to assume if the program has not tested the architecture. Throws
 * AssemblyError (`unknown-name`, `misplaced-name`, `unknown-abi`).
 */
export function constantOf(token: Token, known: Known | undefined, abi: AbiName | undefined): number {
  const architecture = architectureOf(token);
  const word = architecture === undefined ? WORD.nr : WORD.arch;
  if (known?.word !== undefined && known.word !== word) {
    return failAt(
      token,
      'misplaced-name',
      `${show(token)} is compared with something other than ${word === WORD.nr ? 'the number of a call' : 'an architecture'}`,
      `Load it first: A = ${word === WORD.nr ? 'sys_number' : 'arch'}`,
    );
  }
  return architecture ?? callOf(token, known, abi);
}

function callOf(token: Token, known: Known | undefined, assumed: AbiName | undefined): number {
  const audit = known?.audit;
  const { abi, name } = splitCallName(token.text) ?? {
    abi: audit === undefined ? assumed : mainAbi(audit),
    name: token.text,
  };
  if (abi !== undefined) return syscallNumber(abi, name) ?? unknownCall(token, name, abi);
  const example = Object.keys(ABIS).find(one => syscallNumber(one as AbiName, name) !== undefined);
  if (example === undefined) return unknownCall(token, name);
  return failAt(
    token,
    'unknown-abi',
    `the number of ${quote(name)} depends on the architecture, which the program has not tested on every path to this line`,
    `Name the ABI, as in ${example}.${name}, or test A = arch first`,
  );
}

const unknownCall = (token: Token, name: string, abi?: AbiName): never =>
  failAt(
    token,
    'unknown-name',
    `there is no system call ${quote(name)}${abi === undefined ? '' : ` on ${abi}`}`,
    didYouMeanCall(name, abi === undefined ? (Object.keys(ABIS) as AbiName[]) : [abi], 'Write its number'),
  );
