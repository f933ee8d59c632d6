// Reads a whole document: detects the format, then reads the top-level fields.
import type { Location } from '../../util/errors.js';
import { SCMP_ACT_NOTIFY } from '../../kernel/constants.js';
import type { FilterFlag } from '../../policy/policy.js';
import type { Findings } from '../findings.js';
import { locate, type JsonObject, type JsonValue } from '../json.js';
import { isFirecracker } from '../formats/firecracker/detect.js';
import type { Profile } from '../profile.js';
import { readAction } from './action.js';
import { coveredAbis, readArchitectures } from './architecture.js';
import { fieldsOf, peek } from './fields.js';
import { FLAGS } from './flags.js';
import { isResource } from './resources.js';
import { readRules, refuseDockerFields } from './rule.js';
import { KINDS, readObject, readString, readStrings } from './values.js';

const FIELDS = [
  'defaultAction',
  'defaultErrnoRet',
  'defaultErrno',
  'architectures',
  'archMap',
  'syscalls',
  'flags',
  'listenerPath',
  'listenerMetadata',
] as const;

/** A profile without its file and warnings, which are known only after reading. */
type ReadProfile = Omit<Profile, 'file' | 'warnings'>;

/** The content of a document. */
export interface ReadDocument {
  readonly profile: ReadProfile;
  /** The Kubernetes SeccompProfile whose rules are inherited. */
  readonly base?: { readonly name: string; readonly at: Location };
}

/** Reads a document; undefined if errors were reported. */
export function readDocument(root: JsonValue, findings: Findings): ReadDocument | undefined {
  if (root.kind !== 'object')
    return findings.error(
      'not-a-profile',
      locate(root),
      root.kind === 'null'
        ? 'the profile is null, which disables seccomp in Docker'
        : `a profile is a JSON object, not ${KINDS[root.kind]}`,
      'Use an object with "defaultAction" and "syscalls"',
    );
  if (isForeign(root, findings)) return undefined;
  if (isResource(root)) return readResource(root, findings);
  const isConfig =
    peek(root, 'defaultAction') === undefined &&
    (peek(root, 'linux') ?? peek(root, 'ociVersion')) !== undefined;
  const profile = isConfig ? readConfig(root, findings) : readSeccomp(root, 'docker', findings);
  return profile && { profile };
}

/** Reports known kinds of documents that are not profiles, so that their users get one remedy instead of fifty findings. */
function isForeign(root: JsonObject, findings: Findings): boolean {
  if (peek(root, 'defaultAction')?.kind === 'number' && peek(root, 'rules')?.kind === 'array') {
    findings.error(
      'not-a-profile',
      locate(root),
      'this is the content of a Profile that another copy of the package returned',
      'Pass what parseProfile returned, unchanged; to another copy of the package (npm ls seccomp), pass the text',
    );
    return true;
  }
  if (isFirecracker(root)) {
    findings.error(
      'foreign-format',
      locate(root),
      'this is a Firecracker filter, not a Docker profile',
      'Read it with parseFirecracker, or convert a category: seccomp convert FILE --category vmm --to docker',
    );
    return true;
  }
  return false;
}

/**
 * Reads a resource of the Security Profiles Operator, whose `spec` is a profile with OCI's keys. Source: api/seccompprofile of
 * the operator.
 */
function readResource(root: JsonObject, findings: Findings): ReadDocument | undefined {
  const spec = root.members.get('spec')?.value;
  if (spec === undefined)
    return findings.error(
      'missing-key',
      locate(root),
      'there is no "spec" here',
      'A SeccompProfile has its profile there',
    );
  const object = readObject(spec, '"spec"', findings);
  const profile = object && readSeccomp(object, 'spo', findings);
  const base = object?.members.get('baseProfileName')?.value;
  const name = base && base.kind !== 'null' ? readString(base, '"baseProfileName"', findings) : undefined;
  return (
    profile && {
      profile,
      ...(base !== undefined && name !== undefined && name !== '' && { base: { name, at: locate(base) } }),
    }
  );
}

/** Reads an OCI config.json. Source: runtime-spec, config-linux.md. */
function readConfig(root: JsonObject, findings: Findings): ReadProfile | undefined {
  const linux = peek(root, 'linux');
  const seccomp = linux?.kind === 'object' ? peek(linux, 'seccomp') : undefined;
  if (seccomp?.kind !== 'object')
    return findings.error(
      'no-seccomp-section',
      locate(seccomp ?? linux ?? root),
      'this OCI configuration has no object linux.seccomp: its container runs without a filter',
    );
  let capabilities = peek(root, 'process');
  for (const key of ['capabilities', 'bounding']) {
    capabilities = capabilities?.kind === 'object' ? peek(capabilities, key) : undefined;
  }
  const profile = readSeccomp(seccomp, 'oci', findings);
  if (profile === undefined || capabilities?.kind !== 'array') return profile;
  const names = capabilities.items.flatMap(item => (item.kind === 'string' ? [item.value] : []));
  return { ...profile, boundingCapabilities: Object.freeze(names) };
}

function readSeccomp(
  object: JsonObject,
  format: Profile['format'],
  findings: Findings,
): ReadProfile | undefined {
  const fields = fieldsOf(
    object,
    format === 'spo' ? [...FIELDS, 'baseProfileName', 'disabled'] : FIELDS,
    findings,
  );
  if (format !== 'docker') refuseDockerFields<string>(fields, ['archMap'], findings);
  const value = fields.get('defaultAction');
  if (value === undefined) {
    findings.error(
      'missing-default-action',
      locate(object),
      'a profile needs a "defaultAction"',
      'Write "defaultAction": "SCMP_ACT_ERRNO" and allow what is needed in "syscalls"',
    );
  }
  const defaultAction = readAction(fields, ['defaultAction', 'defaultErrnoRet', 'defaultErrno'], findings);
  if (value !== undefined && defaultAction === SCMP_ACT_NOTIFY) {
    findings.error(
      'notify-default',
      locate(value),
      'SCMP_ACT_NOTIFY cannot be the default action',
      'Use it in rules that name calls',
    );
  }
  const architectures = readArchitectures(fields.get('architectures'), fields.get('archMap'), findings);
  const covered = coveredAbis(architectures);
  const rules = readRules(fields.get('syscalls'), format, covered, findings);
  const flags = readFlags(fields.get('flags'), findings);
  const path = fields.get('listenerPath');
  const metadata = fields.get('listenerMetadata');
  const listenerPath = (path && readString(path, '"listenerPath"', findings)) ?? '';
  const listenerMetadata = (metadata && readString(metadata, '"listenerMetadata"', findings)) ?? '';
  if (metadata !== undefined && listenerMetadata !== '' && listenerPath === '') {
    findings.warning(
      'listener-metadata-ignored',
      locate(metadata),
      '"listenerMetadata" has no effect without "listenerPath"',
      'Remove it or add "listenerPath"',
    );
  }
  if (defaultAction === undefined) return undefined;
  return {
    format,
    defaultAction,
    architectures,
    rules: Object.freeze(rules),
    flags,
    ...(listenerPath !== '' && { listenerPath }),
    ...(listenerMetadata !== '' && { listenerMetadata }),
  };
}

function readFlags(value: JsonValue | undefined, findings: Findings): readonly FilterFlag[] {
  const flags = new Set<FilterFlag>();
  for (const item of readStrings(value, '"flags"', findings)) {
    const flag = FLAGS.find(candidate => candidate === item.value);
    if (flag !== undefined) {
      flags.add(flag);
    } else {
      findings.unknown('unknown-flag', locate(item), item.value, FLAGS);
    }
  }
  return Object.freeze([...flags]);
}
