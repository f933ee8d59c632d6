// Finds the profile among the documents of a text: Kubernetes manifests contain several resources.
import { quote } from '../../util/suggest.js';
import { failAt } from '../formats/common/scanner.js';
import { locate, type JsonObject, type JsonValue } from '../json.js';
import { peek } from './fields.js';

/** The SeccompProfiles of one text by name. */
export type Resources = ReadonlyMap<string, JsonObject>;

/** Whether a document is a resource of the Security Profiles Operator. */
export const isResource = (root: JsonObject): boolean =>
  textOf(root, 'kind') === 'SeccompProfile' && peek(root, 'apiVersion') !== undefined;

const textOf = (object: JsonObject, field: string): string | undefined => {
  const value = peek(object, field);
  return value?.kind === 'string' ? value.value : undefined;
};

const nameOf = (resource: JsonObject): string | undefined => {
  const metadata = peek(resource, 'metadata');
  return metadata?.kind === 'object' ? textOf(metadata, 'name') : undefined;
};

const baseOf = (resource: JsonObject): string | undefined => {
  const spec = peek(resource, 'spec');
  return spec?.kind === 'object' ? textOf(spec, 'baseProfileName') : undefined;
};

/** Whether a document is a profile of any kind. */
const isProfile = (value: JsonValue): value is JsonObject =>
  value.kind === 'object' && (isResource(value) || peek(value, 'defaultAction') !== undefined);

/**
 * The one profile among the documents of a text, and the resources that it may be based on. A single document is returned
 * whatever it is; of several, or of the items of a `List`, the profile that is not the base of another one. Throws ProfileError
 * (`several-profiles`, `not-a-profile`, `include-cycle`).
 */
export function selectProfile(documents: readonly [JsonValue, ...JsonValue[]]): {
  readonly root: JsonValue;
  readonly resources: Resources;
} {
  const all = documents.flatMap(itemsOf);
  const [first] = all;
  if (first === undefined || all.length === 1) return { root: first ?? documents[0], resources: new Map() };
  const profiles = all.filter(isProfile);
  const resources = new Map<string, JsonObject>();
  for (const profile of profiles) {
    const name = nameOf(profile);
    if (name === undefined) continue;
    if (resources.has(name)) return severalProfiles(profiles, profile);
    resources.set(name, profile);
  }
  const bases = new Set(profiles.map(baseOf));
  const [root, another] = profiles.filter(profile => {
    const name = nameOf(profile);
    return name === undefined || !bases.has(name);
  });
  if (another !== undefined) return severalProfiles(profiles, another);
  if (root !== undefined) return { root, resources };
  const [cyclic] = profiles;
  if (cyclic === undefined)
    return failAt(
      locate(first),
      'not-a-profile',
      'the text has several documents, and none of them is a profile',
      'A profile has "defaultAction", or is of kind SeccompProfile',
    );
  return failAt(
    locate(cyclic),
    'include-cycle',
    'every SeccompProfile of the text is the base of another one',
    'Remove "baseProfileName" from one of them',
  );
}

/** The resources in a Kubernetes `List`, or the document itself. */
function itemsOf(document: JsonValue): readonly JsonValue[] {
  if (document.kind !== 'object' || textOf(document, 'kind') !== 'List') return [document];
  const items = peek(document, 'items');
  return items?.kind === 'array'
    ? items.items.filter(item => item.kind === 'object' && isResource(item))
    : [document];
}

function severalProfiles(profiles: readonly JsonObject[], second: JsonObject): never {
  const names = profiles.map(profile => nameOf(profile)).filter(name => name !== undefined);
  return failAt(
    locate(second),
    'several-profiles',
    `the text has ${profiles.length} profiles${names.length > 0 ? `, ${names.slice(0, 8).map(quote).join(', ')}` : ''}${names.length > 8 ? ' …' : ''}, but only one is read`,
    'Put the profile that you need into its own file',
  );
}
