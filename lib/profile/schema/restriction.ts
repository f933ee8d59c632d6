// Reads `includes` and `excludes`, and warns of spellings that dockerd never matches.
import { ABIS } from '../../kernel/abi.js';
import { DOCKER_ARCHITECTURES } from '../../kernel/docker-architectures.js';
import type { KernelVersion } from '../../kernel/kernel-version.js';
import { CAPABILITIES } from '../../kernel/capabilities.js';
import type { Findings } from '../findings.js';
import { locate, type JsonValue } from '../json.js';
import type { Restriction } from '../profile.js';
import { didYouMean, quote } from '../../util/suggest.js';
import { fieldsOf } from './fields.js';
import { readObject, readString, readStrings, type Named } from './values.js';

const ARCHES: readonly string[] = DOCKER_ARCHITECTURES;

/** Other spellings of the architectures that this package compiles for. */
const MISSPELT_ARCHES: ReadonlyMap<string, string> = new Map([
  ...Object.values(ABIS).flatMap(({ name, scmpName, dockerName }): [string, string][] => [
    [name, dockerName],
    [scmpName.toLowerCase(), dockerName],
  ]),
  ['x64', 'amd64'],
  ['x86-64', 'amd64'],
  ['386', 'x86'],
  ['i386', 'x86'],
  ['i686', 'x86'],
  ['armhf', 'arm'],
  ['armv7l', 'arm'],
]);

const NOTHING: Restriction = Object.freeze({ caps: Object.freeze([]), arches: Object.freeze([]) });

/** Reads a restriction. An absent one requires nothing. */
export function readRestriction(value: JsonValue | undefined, what: string, findings: Findings): Restriction {
  const object = value && readObject(value, what, findings);
  if (object === undefined) return NOTHING;
  const fields = fieldsOf(object, ['caps', 'arches', 'minKernel'], findings);
  const caps = readStrings(fields.get('caps'), '"caps"', findings);
  const arches = readStrings(fields.get('arches'), '"arches"', findings);
  for (const cap of caps) checkCapability(cap, findings);
  for (const arch of arches) checkArch(arch, findings);
  const minKernel = readKernel(fields.get('minKernel'), findings);
  return Object.freeze({
    caps: Object.freeze(caps.map(cap => cap.value)),
    arches: Object.freeze(arches.map(arch => arch.value)),
    ...(minKernel !== undefined && { minKernel }),
  });
}

function checkCapability(cap: Named, findings: Findings): void {
  const { value: name } = cap;
  if (CAPABILITIES.includes(name)) return;
  const upper = name.toUpperCase();
  const meant = CAPABILITIES.find(known => known === upper || known === `CAP_${upper}`);
  if (meant !== undefined) {
    findings.warning(
      'capability-spelling',
      locate(cap),
      `the capability ${quote(name)} never matches, because of its spelling`,
      `Did you mean ${quote(meant)}?`,
    );
  } else {
    findings.warning(
      'unknown-capability',
      locate(cap),
      `there is no capability ${quote(name)}: it never matches`,
      () => didYouMean(name, CAPABILITIES),
    );
  }
}

function checkArch(arch: Named, findings: Findings): void {
  const { value: name } = arch;
  if (ARCHES.includes(name)) return;
  const meant = MISSPELT_ARCHES.get(name.toLowerCase());
  findings.warning(
    'arch-spelling',
    locate(arch),
    `the architecture ${quote(name)} never matches: "arches" has Go's names`,
    () => (meant === undefined ? didYouMean(name, ARCHES) : `Did you mean ${quote(meant)}?`),
  );
}

function readKernel(value: JsonValue | undefined, findings: Findings): KernelVersion | undefined {
  const text = value && readString(value, '"minKernel"', findings);
  if (value === undefined || text === undefined) return undefined;
  const match = /^(\d{1,4})\.(\d{1,4})$/.exec(text);
  if (match === null)
    return findings.error(
      'bad-min-kernel',
      locate(value),
      `${quote(text)} is not a kernel version`,
      'Write major.minor, e.g. "4.8"',
    );
  return Object.freeze({ major: Number(match[1]), minor: Number(match[2]) });
}
