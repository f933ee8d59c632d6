// `seccomp explain`: what a filter, or a stack of them, answers to every call, or to one.
import { explain } from '../../filter/inspect/explain.js';
import { formatExplanation } from '../../filter/inspect/format.js';
import { syscallNumber } from '../../kernel/abi.js';
import { abisOf } from '../../kernel/architectures.js';
import { callLike, listed } from '../../kernel/calls/suggest-call.js';
import { isFilter } from '../../filter/filter.js';
import type { Layer } from '../../filter/layers.js';
import { quote } from '../../util/suggest.js';
import { layersArgument } from '../input.js';
import { collect, withCompileOptions, type CompileFlags } from '../options.js';
import { print, printError, toJson, type Register } from '../output.js';

interface Flags extends CompileFlags {
  readonly layer?: readonly string[];
  readonly json?: boolean;
}

/** The name or the number of a system call. */
const syscallArgument = (text: string): string | number =>
  /^(?:0[xX][\da-fA-F]+|\d+)$/.test(text) ? Number(text) : text;

/** Registers the subcommand. */
export const explainCommand: Register = (program, run) =>
  withCompileOptions(program.command('explain'))
    .description('what a filter answers to every system call, under which conditions')
    .argument(
      '<filter>',
      'a path to a profile or a .bpf file, the name of a profile that ships, pid:1234, or -',
    )
    .argument('[syscall]', 'one system call by its name, or by its number')
    .option('-l, --layer <filter>', 'a filter that is loaded after those before; repeatable', collect)
    .option('--json', 'for machines')
    .action((filter: string, syscall: string | undefined, flags: Flags) => {
      return run(() => {
        const layers = [filter, ...(flags.layer ?? [])].flatMap(name => layersArgument(name, flags));
        const call = syscall === undefined ? undefined : syscallArgument(syscall);
        const explanation = explain(layers, call);
        if (typeof call === 'string') noteAbsence(layers, call);
        print(flags.json === true ? toJson(explanation) : formatExplanation(explanation));
        return 0;
      }, flags.json === true);
    });

/** Says that the machines which filters were compiled for have no call of a name, and what they have in its place. */
function noteAbsence(layers: readonly Layer[], name: string): void {
  for (const arch of new Set(layers.flatMap(layer => (isFilter(layer) ? [layer.target.arch] : [])))) {
    const abis = abisOf(arch);
    if (abis.some(abi => syscallNumber(abi, name) !== undefined)) continue;
    const like = abis.flatMap(abi => callLike(name, [abi]) ?? []);
    const advice = like.length === 0 ? '' : `. ${listed([...new Set(like)])} may do the same`;
    printError(
      `note: ${listed(abis)} ${abis.length === 1 ? 'has' : 'have'} no system call ${quote(name)}${advice}\n`,
    );
  }
}
