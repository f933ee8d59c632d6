// `seccomp diff`: shows the differences in meaning between filters, or stacks of them.
import type { Layer } from '../../filter/layers.js';
import { latitude } from '../../kernel/action.js';
import { diff } from '../../filter/inspect/diff.js';
import { formatDiff } from '../../filter/inspect/format.js';
import { differencesJson } from '../../filter/inspect/json.js';
import { layersArgument } from '../input.js';
import { collect, LAYERS, withCompileOptions, type CompileFlags } from '../options.js';
import { printActions, printJson, type Register } from '../output.js';

interface Flags extends CompileFlags {
  readonly layerA?: readonly string[];
  readonly layerB?: readonly string[];
  readonly capA?: readonly string[];
  readonly capB?: readonly string[];
  readonly subset?: boolean;
  readonly json?: boolean;
}

/** Registers the subcommand. */
export const diffCommand: Register = (program, run) =>
  withCompileOptions(program.command('diff'))
    .description(
      'show how the meaning changes from filter A to filter B, with an example call for each change',
    )
    .argument('<a>', LAYERS)
    .argument('<b>', 'the filter to compare it with')
    .option('--subset', 'show only the calls for which A is less restrictive than B')
    .option('--layer-a <filter>', 'a filter that is loaded after A; repeatable', collect)
    .option('--layer-b <filter>', 'a filter that is loaded after B; repeatable', collect)
    .option('--cap-a <capability>', 'a capability that the process has under A; repeatable', collect)
    .option('--cap-b <capability>', 'a capability that the process has under B; repeatable', collect)
    .option('--json', 'write JSON, including errors')
    .action((a: string, b: string, flags: Flags) => {
      return run(() => {
        const { layerA = [], layerB = [], capA, capB, subset } = flags;
        const all = diff(layersOf([a, ...layerA], flags, capA), layersOf([b, ...layerB], flags, capB));
        const shown = subset === true ? all.filter(({ from, to }) => latitude(from) > latitude(to)) : all;
        const fine =
          subset === true
            ? 'A allows nothing that B denies\n'
            : 'A and B have the same action for every call\n';
        if (flags.json === true) printJson('diff', differencesJson(shown));
        else printActions(shown.length === 0 ? fine : formatDiff(shown));
        return shown.length === 0 ? 0 : 1;
      }, flags.json === true);
    });

const layersOf = (
  names: readonly string[],
  flags: CompileFlags,
  capabilities: readonly string[] = [],
): readonly Layer[] =>
  names.flatMap(name => layersArgument(name, { ...flags, cap: [...(flags.cap ?? []), ...capabilities] }));
