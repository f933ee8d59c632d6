// `seccomp disasm`: lists a program, or the program of a profile.
import { Option } from 'commander';
import { ProgramError } from '../../../util/errors.js';
import { attempt } from '../../../util/failures.js';
import {
  annotate,
  disassemble,
  LISTING_FORMS,
  type DisassembleOptions,
} from '../../../bpf/listing/disassemble.js';
import { isFilter } from '../../../filter/filter.js';
import { validate, type Program } from '../../../bpf/program.js';
import { ABIS } from '../../../kernel/abi.js';
import type { AbiName } from '../../../kernel/architectures.js';
import { layerArgument } from '../../input.js';
import { FILTER, withCompileOptions, type CompileFlags } from '../../options.js';
import { fail, printActions, printJson, warn, type Register } from '../../output.js';

interface Flags extends CompileFlags {
  readonly form: NonNullable<DisassembleOptions['form']>;
  readonly abi?: AbiName;
  readonly json?: boolean;
}

/** Registers the subcommand. */
export const disasmCommand: Register = (program, run) =>
  withCompileOptions(program.command('disasm'))
    .description('list a program, or the program of a profile, as assembly')
    .argument('<filter>', FILTER)
    .addOption(
      new Option(
        '--form <form>',
        'listing: with the fields of each instruction; plain: without them; source: with labels, for editing',
      )
        .choices(LISTING_FORMS)
        .default('listing'),
    )
    .addOption(
      new Option(
        '--abi <abi>',
        'the ABI of call names if the program does not test the architecture',
      ).choices(Object.keys(ABIS)),
    )
    .option('--json', 'write the instructions as JSON, including errors')
    .action((argument: string, { form, abi, json = false, ...flags }: Flags) => {
      return run(() => {
        const filter = layerArgument(argument, flags, () => undefined);
        const options = abi === undefined ? {} : { abi };
        const refused = refusal(isFilter(filter) ? filter.program : filter);
        if (json) {
          printJson('disasm', {
            instructions: annotate(filter, options),
            ...(refused !== undefined && { refused: { code: refused.code, message: refused.message } }),
          });
        } else {
          if (isFilter(filter)) warn(filter.warnings);
          printActions(disassemble(filter, { ...options, form }));
          if (refused !== undefined) fail(refused, false);
        }
        return refused === undefined ? 0 : 1;
      }, json);
    });

/** Why the kernel would reject a program. */
const refusal = (program: Program): ProgramError | undefined =>
  attempt(
    () => {
      validate(program);
      return undefined;
    },
    ProgramError,
    error => error,
  );
