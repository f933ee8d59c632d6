// Reads `architectures` and `archMap`.
import { abiByScmpName } from '../../kernel/abi.js';
import { type AbiName, ARCHITECTURES } from '../../kernel/architectures.js';
import { SCMP_ARCHS } from '../../kernel/scmp-archs.js';
import type { Location } from '../../util/errors.js';
import { own } from '../../util/own.js';
import { quote } from '../../util/suggest.js';
import type { Findings } from '../findings.js';
import { locate, type JsonValue } from '../json.js';
import type { ArchitectureMapping, ProfileArchitectures } from '../profile.js';
import { fieldsOf } from './fields.js';
import { readList, readObject, readString, readStrings } from './values.js';

const NAMES: ReadonlySet<string> = new Set(Object.keys(SCMP_ARCHS));

const compiledFor = (name: string): boolean => abiByScmpName(name) !== undefined;

/** Reads the two keys; both at once is an error, as in dockerd. */
export function readArchitectures(
  list: JsonValue | undefined,
  map: JsonValue | undefined,
  findings: Findings,
): ProfileArchitectures {
  const architectures = knownArchitectures(list, '"architectures"', true, findings);
  const entries = readList(map, '"archMap"', findings);
  if (list !== undefined && map !== undefined && architectures.length > 0 && entries.length > 0) {
    findings.error(
      'architectures-and-archmap',
      laterOf(locate(list), locate(map)),
      '"architectures" and "archMap" cannot be combined',
      'Keep "archMap" if the profile is for several machines',
    );
  }
  const mappings = entries.map(entry => readMapping(entry, findings)).filter(entry => entry !== undefined);
  if (mappings.length > 0) return Object.freeze({ kind: 'map', entries: Object.freeze(mappings) });
  if (architectures.length > 0) return Object.freeze({ kind: 'list', architectures });
  return Object.freeze({ kind: 'native' });
}

const laterOf = (first: Location, second: Location): Location =>
  first.line > second.line || (first.line === second.line && first.column > second.column) ? first : second;

function readMapping(entry: JsonValue, findings: Findings): ArchitectureMapping | undefined {
  const object = readObject(entry, 'an item of "archMap"', findings);
  if (object === undefined) return undefined;
  const fields = fieldsOf(object, ['architecture', 'subArchitectures'], findings);
  const value = fields.get('architecture');
  if (value === undefined)
    return findings.error(
      'missing-architecture',
      locate(object),
      'an item of "archMap" needs an "architecture"',
    );
  const architecture = readString(value, '"architecture"', findings);
  if (architecture === undefined) return undefined;
  checkArchitecture(architecture, value, findings);
  const subArchitectures = knownArchitectures(
    fields.get('subArchitectures'),
    '"subArchitectures"',
    compiledFor(architecture),
    findings,
  );
  return Object.freeze({ architecture, subArchitectures });
}

function knownArchitectures(
  value: JsonValue | undefined,
  what: string,
  wanted: boolean,
  findings: Findings,
): readonly string[] {
  const names: string[] = [];
  for (const item of readStrings(value, what, findings)) {
    if (!checkArchitecture(item.value, item, findings)) continue;
    if (wanted && !compiledFor(item.value)) {
      findings.warning(
        'architecture-not-compiled',
        locate(item),
        `this package does not compile filters for ${item.value}`,
        'It is ignored: its calls get the action for other architectures',
      );
    }
    names.push(item.value);
  }
  return Object.freeze(names);
}

function checkArchitecture(name: string, value: JsonValue, findings: Findings): boolean {
  if (NAMES.has(name)) return true;
  const remedy = remedyFor(name);
  if (remedy === undefined)
    findings.unknown(
      'unknown-architecture',
      locate(value),
      name,
      NAMES,
      'Write a name such as SCMP_ARCH_X86_64',
    );
  else
    findings.error('unknown-architecture', locate(value), `there is no architecture ${quote(name)}`, remedy);
  return false;
}

/** Names of architectures in Docker, Node and elsewhere that did-you-mean could not match. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  AMD64: 'SCMP_ARCH_X86_64',
  X64: 'SCMP_ARCH_X86_64',
  'X86-64': 'SCMP_ARCH_X86_64',
  ARM64: 'SCMP_ARCH_AARCH64',
  I386: 'SCMP_ARCH_X86',
  I686: 'SCMP_ARCH_X86',
  IA32: 'SCMP_ARCH_X86',
  '386': 'SCMP_ARCH_X86',
  LOONG64: 'SCMP_ARCH_LOONGARCH64',
};

function remedyFor(name: string): string | undefined {
  const word = name.toUpperCase().replace(/^SCMP_ARCH_/, '');
  if (word === 'NATIVE') return 'Leave it out: the native architecture is always covered';
  const meant = own(OTHER_NAMES, word);
  return meant && `Did you mean ${quote(meant)}?`;
}

/** The ABIs for advice about calls: those that the profile covers on any machine, or the native ones of all machines. */
export function coveredAbis(architectures: ProfileArchitectures): readonly AbiName[] {
  const names =
    architectures.kind === 'list'
      ? architectures.architectures
      : architectures.kind === 'map'
        ? architectures.entries.flatMap(entry => [entry.architecture, ...entry.subArchitectures])
        : [];
  const abis = names.map(name => abiByScmpName(name)?.name).filter(name => name !== undefined);
  return abis.length === 0 ? ARCHITECTURES : [...new Set(abis)];
}
