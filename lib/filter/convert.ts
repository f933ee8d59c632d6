// Converts a policy to the formats of other programs. Each text is read again and proven equivalent.
import { ConversionError, ProfileError, type Witness } from '../util/errors.js';
import { compilePolicy } from './compile.js';
import { explain } from './inspect/explain.js';
import { formatWords } from './inspect/format.js';
import type { Program } from '../bpf/program.js';
import { decompile } from './decompile/decompile.js';
import { findDifference } from './prove/verify.js';
import { ABIS, syscallName } from '../kernel/abi.js';
import { actionName } from '../kernel/action.js';
import { SCMP_ACT_ERRNO } from '../kernel/constants.js';
import { ENOSYS } from '../kernel/errno.js';
import { evaluate } from '../policy/evaluate.js';
import { oneOf, ownOptions } from '../util/options.js';
import type { Policy } from '../policy/policy.js';
import { documentOf, isPlain } from '../profile/formats/export/document.js';
import { firecrackerText } from '../profile/formats/export/firecracker.js';
import { documentText } from '../profile/formats/export/json.js';
import { spoSpec, spoText } from '../profile/formats/export/spo.js';
import { coversAll, systemdText } from '../profile/formats/export/systemd.js';
import { parseFirecracker } from '../profile/formats/firecracker/parse.js';
import { resolveFirecracker } from '../profile/formats/firecracker/resolve.js';
import { objectText } from '../profile/object-text.js';
import { resolveForReview, UNKNOWN_SYSCALLS, type UnknownSyscalls } from '../profile/resolve/resolve.js';
import type { Own } from '../util/own.js';
import { utf8 } from '../util/host/bytes.js';
import { attempt, notExpressible } from '../util/failures.js';

/**
 * Docker's profile, OCI's `linux.seccomp`, a filter for Firecracker's seccompiler, a SeccompProfile of Kubernetes, settings of a
 * systemd unit, or a policy in the words format.
 */
export type ConversionFormat = (typeof CONVERSION_FORMATS)[number];

export const CONVERSION_FORMATS = ['docker', 'oci', 'firecracker', 'spo', 'systemd', 'words'] as const;

/** Options of `convert`. */
export interface ConvertOptions {
  /**
   * How tools that read `docker`, `oci` and `spo` treat calls newer than the profile: with ENOSYS, as runc (default),
   * or with the default action, as crun.
   */
  readonly unknownSyscalls?: UnknownSyscalls | undefined;
  /** For `firecracker`: the category of threads; default: `vmm`. */
  readonly category?: string | undefined;
  /** For `spo`: the name of the resource; default: `seccomp`. */
  readonly name?: string | undefined;
}

/**
 * Returns the text of a policy in another format, for the policy's own architecture, kernel and capabilities. The text
 * is parsed again and proven to have the same action for every call. Rules are kept as they are if the format can
 * express them; others are rewritten so that no two rules with different actions can match the same call.
 *
 * Throws ConversionError (`not-expressible`), which names what the format cannot express, and as `compile` and
 * `decompile` do.
 */
export function convert(policy: Policy, format: ConversionFormat, options: ConvertOptions = {}): string {
  const given = ownOptions(options, ['unknownSyscalls', 'category', 'name']);
  oneOf('format', format, CONVERSION_FORMATS);
  oneOf('unknownSyscalls', given.unknownSyscalls, UNKNOWN_SYSCALLS);
  const { program } = compilePolicy(policy);
  const plain =
    format === 'words' || isPlain(policy)
      ? policy
      : { ...policy, abis: decompile(program, { arch: policy.target.arch }).abis };
  let difference: ConversionError | undefined;
  for (const { text, read } of drafts(plain, program, format, given)) {
    const meaning = reading(read, format);
    if (meaning instanceof ConversionError) {
      difference = meaning;
      continue;
    }
    const witness = findDifference(program, meaning);
    if (witness === undefined) return text;
    difference = differenceError(policy, meaning, witness, format);
  }
  throw difference ?? new Error('there is a draft for every format');
}

/** A text and its meaning in its format. */
interface Draft {
  readonly text: string;
  readonly read: () => Policy;
}

/** The meaning of a text, or the reason why readers reject it: rules of i386 that lose a condition may contradict each other. */
function reading(read: () => Policy, format: ConversionFormat): Policy | ConversionError {
  return attempt(read, ProfileError, ({ problems: [problem], message }) =>
    notExpressible(
      `${format} cannot express it: ${problem?.message ?? message}`,
      'Leave SCMP_ARCH_X86 out of the profile, or use one action for all rules of a call',
    ),
  );
}

/** Texts that may be equivalent to the policy, the shortest first. */
function* drafts(
  policy: Policy,
  program: Program,
  format: ConversionFormat,
  options: Own<ConvertOptions>,
): Generator<Draft> {
  const { target } = policy;
  if (format === 'words') {
    const text = formatWords(explain(program), policy.defaultAction, policy.flags);
    yield { text, read: () => resolveForReview(Buffer.from(text), target, {}) };
    return;
  }
  if (format === 'systemd') {
    const text = systemdText(policy);
    const foreign = coversAll(policy) ? { badArch: policy.badArch } : {};
    yield { text, read: () => resolveForReview(utf8(text), target, foreign) };
    return;
  }
  if (format === 'firecracker') {
    const { category = 'vmm' } = options;
    const text = firecrackerText(policy, category);
    const { arch } = target;
    yield { text, read: () => resolveFirecracker(parseFirecracker(text), { category, arch }) };
    return;
  }
  const { unknownSyscalls = 'enosys', name = 'seccomp' } = options;
  const read = (source: string): Policy => resolveForReview(utf8(source), target, { unknownSyscalls });
  for (const multiplexers of [false, true]) {
    const document = documentOf(policy, { multiplexers });
    if (format === 'spo') {
      const spec = spoSpec(document);
      yield { text: spoText(spec, name), read: () => read(objectText(spec)) };
    } else {
      const text = documentText(document, format);
      yield { text, read: () => read(text) };
    }
  }
}

function differenceError(
  policy: Policy,
  meaning: Policy,
  witness: Witness,
  format: ConversionFormat,
): ConversionError {
  const wanted = evaluate(policy, witness);
  const said = evaluate(meaning, witness);
  const { arch, syscall, args } = witness;
  const abi = Object.values(ABIS).find(
    ({ name, audit }) => audit === arch && syscallName(name, syscall) !== undefined,
  );
  const call =
    abi === undefined
      ? `call number ${syscall} of architecture 0x${arch.toString(16)}`
      : `${syscallName(abi.name, syscall) ?? ''} of ${abi.name}`;
  return notExpressible(
    `${format} cannot express it: ${call} with arguments (${args.map(arg => `0x${arg.toString(16)}`).join(', ')}) ` +
      `has the action ${actionName(wanted)}, and would get ${actionName(said)}`,
    said === SCMP_ACT_ERRNO(ENOSYS)
      ? "Runtimes such as runc return ENOSYS for calls newer than the profile; for runtimes that do not, use unknownSyscalls: 'default' (--unknown-syscalls default)"
      : 'In this format a rule applies to all ABIs, and numbers without a name get the default action',
  );
}
