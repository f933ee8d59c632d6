// `seccomp audit`: explains the kernel's audit records about seccomp, and which changes would allow the calls.
import {
  AuditExplainer,
  auditKey,
  formatAudit,
  type ExplainedAudit,
} from '../../../recording/explain-audit.js';
import { isAuditLine } from '../../../recording/logs/audit-line.js';
import { profileArgument } from '../../input.js';
import { printActions, printJson, say, type Register } from '../../output.js';
import { linesOf } from '../../reading/read-lines.js';
import { counted } from '../../../util/show.js';

interface Flags {
  readonly profile?: string;
  readonly json?: boolean;
}

/** The maximum number of distinct records; the kernel itself writes a few per second. */
const MAX_KINDS = 10_000;

/** Registers the subcommand. */
export const auditCommand: Register = (program, run) =>
  program
    .command('audit')
    .description(
      "explain the kernel's log records about seccomp, from dmesg, the journal, auditd or ausearch -i",
    )
    .argument('<file...>', 'logs, or - for standard input')
    .option(
      '-p, --profile <profile>',
      'the profile that was in force, to name the rule that decides and what would allow the call',
    )
    .option('--json', 'write JSON, including errors')
    .action((files: string[], flags: Flags) => {
      return run(() => {
        const explainer = new AuditExplainer(
          flags.profile === undefined ? undefined : profileArgument(flags.profile),
        );
        const kinds = new Map<string, { readonly record: ExplainedAudit; count: number }>();
        let skipped = 0;
        for (const file of files) {
          for (const line of linesOf(file)) {
            const record = explainer.explain(line);
            if (record === undefined) {
              if (isAuditLine(line)) skipped++;
              continue;
            }
            const key = auditKey(record);
            const known = kinds.get(key);
            if (known !== undefined) known.count++;
            else if (kinds.size < MAX_KINDS) kinds.set(key, { record, count: 1 });
            else skipped++;
          }
        }
        const records = [...kinds.values()].map(({ record, count }) => ({ ...record, count }));
        if (flags.json === true) printJson('audit', { records, skipped });
        else {
          for (const record of records)
            printActions(`${formatAudit(record)}${record.count === 1 ? '' : ` [${record.count} times]`}\n`);
          if (skipped > 0)
            say(
              `${counted(skipped, 'record')} ${skipped === 1 ? 'was' : 'were'} incomplete, or too many to distinguish`,
            );
          if (records.length === 0) say('there are no records of seccomp');
        }
        return records.length === 0 ? 1 : 0;
      }, flags.json === true);
    });
