// `seccomp explain`: shows the actions of a filter, or of several layers, for all calls or some.
import { explain, type Explanation } from '../../filter/inspect/explain.js';
import { formatExplanation } from '../../filter/inspect/format.js';
import { explanationJson } from '../../filter/inspect/json.js';
import { syscallNumber } from '../../kernel/abi.js';
import { abisOf } from '../../kernel/architectures.js';
import { callsNamed, isGroupName } from '../../kernel/calls/call-groups.js';
import { callLike, listed } from '../../kernel/calls/suggest-call.js';
import { isFilter } from '../../filter/filter.js';
import type { Layer } from '../../filter/layers.js';
import { UsageError } from '../../util/errors.js';
import { quote } from '../../util/suggest.js';
import { layersArgument } from '../input.js';
import { collect, LAYERS, withCompileOptions, type CompileFlags } from '../options.js';
import { printActions, printJson, say, type Register } from '../output.js';
import { optionError } from '../../util/options.js';

interface Flags extends CompileFlags {
  readonly layer?: readonly string[];
  readonly groups?: boolean;
  readonly json?: boolean;
}

const isNumber = (text: string): boolean => /^(?:0[xX][\da-fA-F]+|\d+)$/.test(text);
const isPattern = (text: string): boolean => /[*?]/.test(text);
/** Whether an argument is the name of one call, and not a number, a pattern or a group. */
const isName = (text: string): boolean => !isNumber(text) && !isPattern(text) && !isGroupName(text);

/** Registers the subcommand. */
export const explainCommand: Register = (program, run) =>
  withCompileOptions(program.command('explain'))
    .description('show the action of a filter for every system call, or for some, and its conditions')
    .argument('<filter>', LAYERS)
    .argument(
      '[syscall...]',
      "names of system calls, patterns such as 'io_uring_*', groups such as @network, or one number; default: all calls",
    )
    .option('-l, --layer <filter>', 'a filter that is loaded after the previous ones; repeatable', collect)
    .option('--groups', 'print groups instead of their calls if all of them have the same action')
    .option('--json', 'write JSON, including errors')
    .action((filter: string, syscalls: readonly string[], flags: Flags) => {
      return run(() => {
        const layers = [filter, ...(flags.layer ?? [])].flatMap(name => layersArgument(name, flags));
        const explanation = explained(layers, syscalls);
        for (const name of syscalls) if (isName(name)) noteAbsence(layers, name);
        if (flags.json === true) printJson('explain', explanationJson(explanation));
        else printActions(formatExplanation(explanation, { groups: flags.groups === true }));
        return 0;
      }, flags.json === true);
    });

/** Explains the named calls, or all if none is named. */
function explained(layers: readonly Layer[], calls: readonly string[]): Explanation {
  const [only = ''] = calls;
  if (calls.length === 1 && isNumber(only)) return explain(layers, Number(only));
  if (calls.length === 1 && isName(only)) return explain(layers, only);
  const whole = explain(layers);
  if (calls.length === 0) return whole;
  const matches = calls.map(call => matcher(layers, call, whole));
  return {
    ...whole,
    abis: whole.abis.map(one => ({
      ...one,
      syscalls: one.syscalls.filter(({ syscall }) => matches.some(match => match(syscall))),
      unnamed: [],
    })),
  };
}

/** Whether an argument names a call. Throws UsageError (`unknown-group`, `unknown-syscall`, `bad-option`). */
function matcher(layers: readonly Layer[], call: string, { abis }: Explanation): (name: string) => boolean {
  if (isNumber(call))
    throw optionError(`the number ${call} cannot be combined with other calls`, 'Pass it alone');
  if (isGroupName(call)) {
    const names = new Set(callsNamed(call));
    return name => names.has(name);
  }
  if (!isPattern(call)) {
    // Throws for unknown names.
    explain(layers, call);
    return name => name === call;
  }
  const escaped = call.replace(/[\\^$.+|()[\]{}]/g, String.raw`\$&`);
  const pattern = new RegExp(`^${escaped.replace(/\*+/g, '.*').replaceAll('?', '.')}$`);
  if (abis.some(({ syscalls }) => syscalls.some(({ syscall }) => pattern.test(syscall))))
    return name => pattern.test(name);
  throw new UsageError(
    'unknown-syscall',
    `no system call is like ${quote(call)}`,
    'Write * for any characters, ? for one, and quote both for the shell',
  );
}

/** Notes that the target lacks a named call, and suggests equivalent ones. */
function noteAbsence(layers: readonly Layer[], name: string): void {
  for (const arch of new Set(layers.flatMap(layer => (isFilter(layer) ? [layer.target.arch] : [])))) {
    const abis = abisOf(arch);
    if (abis.some(abi => syscallNumber(abi, name) !== undefined)) continue;
    const like = abis.flatMap(abi => callLike(name, [abi]) ?? []);
    const advice = like.length === 0 ? '' : `. ${listed([...new Set(like)])} may do the same`;
    say(`note: ${listed(abis)} ${abis.length === 1 ? 'has' : 'have'} no system call ${quote(name)}${advice}`);
  }
}
