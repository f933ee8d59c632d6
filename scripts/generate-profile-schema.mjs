// Writes profile.schema.json, the JSON Schema of profiles for editors: names from the tables that the parser uses,
// descriptions from the comments of lib/profile/seccomp-profile.ts. It accepts what parseProfile accepts without a warning,
// except for the cases in docs/profiles.md; test/profile/json-schema.test.ts compares them.
// Usage: node scripts/generate-profile-schema.mjs [--check]   after the TypeScript has been compiled
import { readFileSync } from 'node:fs';
import { inRoot } from './files.mjs';
import { knownSyscalls } from '../dist/kernel/abi.js';
import { ACTIONS } from '../dist/kernel/action.js';
import { callGroups } from '../dist/kernel/calls/call-groups.js';
import { CAPABILITIES } from '../dist/kernel/capabilities.js';
import { DOCKER_ARCHITECTURES } from '../dist/kernel/docker-architectures.js';
import { errnoNames } from '../dist/kernel/errno.js';
import { SCMP_ARCHS } from '../dist/kernel/scmp-archs.js';
import { OPERATORS } from '../dist/policy/policy.js';
import { FLAGS } from '../dist/profile/schema/flags.js';
import { runJsonGenerator } from './generated-file.mjs';
import { interfaceComments } from './interface-comments.mjs';

/** The meaning of each action, from docs/profiles.md. */
function actionMeanings() {
  const page = readFileSync(inRoot('docs/profiles.md'), 'utf8');
  const section = page.slice(page.indexOf('\n## Actions\n'), page.indexOf('\n## Conditions\n'));
  const rows = [...section.matchAll(/^\| (`SCMP_ACT_[^|]+) \| ([^|]+) \|$/gm)];
  return new Map(
    rows.flatMap(([, names, meaning]) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name]) => [name, `${meaning.replace(/^It\b/, 'The call')}.`]),
    ),
  );
}

/** Constants by name or number, with `|` between them. */
const CONSTANTS = '^[A-Z][A-Za-z0-9_]*(\\|[A-Z][A-Za-z0-9_]*)*$';

const OPERATOR_MEANINGS = {
  SCMP_CMP_NE: 'The argument is not value.',
  SCMP_CMP_LT: 'The argument is less than value.',
  SCMP_CMP_LE: 'The argument is at most value.',
  SCMP_CMP_EQ: 'The argument is value.',
  SCMP_CMP_GE: 'The argument is at least value.',
  SCMP_CMP_GT: 'The argument is greater than value.',
  SCMP_CMP_MASKED_EQ: 'The bits of the argument that the mask (value) selects are valueTwo.',
};

const FLAG_MEANINGS = {
  SECCOMP_FILTER_FLAG_TSYNC: 'Load the filter into all threads.',
  SECCOMP_FILTER_FLAG_LOG:
    'Log the actions other than ALLOW, as /proc/sys/kernel/seccomp/actions_logged says.',
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 'Leave the Speculative Store Bypass mitigation off.',
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV:
    'Let only fatal signals interrupt a call that a listener has taken.',
};

/** A pattern for a word in any case, because JSON Schema has no flag for that. */
const anyCase = word =>
  word.replaceAll(/[a-z]/gi, letter => `[${letter.toUpperCase()}${letter.toLowerCase()}]`);

/** Keys for remarks, as in fields.ts. */
const remarkPattern = words => `^(?:[_$#]|//|(?:${words.map(anyCase).join('|')})$)`;
const REMARKS = { [remarkPattern(['comment', 'comments', 'description'])]: true };
/** In a rule, `comment` is a field, and case-sensitive. */
const RULE_REMARKS = { [remarkPattern(['comments', 'description'])]: true };

const object = (properties, more) => ({
  type: 'object',
  properties,
  patternProperties: REMARKS,
  additionalProperties: false,
  ...more,
});
/** Null counts as absent, as in Go. */
const orNull = ({ type, ...schema }) => ({ type: [type, 'null'], ...schema });
const listOf = items => ({ type: 'array', items });
const named = values => ({ type: 'string', enum: [...values] });
const described = (values, meanings) => ({
  ...named(values),
  enumDescriptions: values.map(value => {
    const meaning = meanings[value];
    if (meaning === undefined) throw new Error(`nothing says what ${value} means`);
    return meaning;
  }),
});
const ref = name => ({ $ref: `#/definitions/${name}` });
const absent = { type: 'null' };
const integer = (minimum, maximum) => ({ type: 'integer', minimum, maximum });

/** At most nine digits, with a value from 1 to 4095, and up to 65535. */
const ERRNO_DIGITS = '^(?=[0-9]{1,9}$)0*(?:[1-9][0-9]{0,2}|[1-3][0-9]{3}|40[0-8][0-9]|409[0-5])$';
const MESSAGE_DIGITS =
  '^(?=[0-9]{1,9}$)0*(?:[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$';

/** The numbers that go with an action: an errno with ERRNO, a message with TRACE, none with others. */
function actionData(action, number, name) {
  const when = (value, then) => ({ if: { properties: { [action]: value }, required: [action] }, then });
  const data = (minimum, maximum, digits) => ({
    properties: {
      [number]: { type: ['integer', 'null'], minimum, maximum },
      [name]: { anyOf: [absent, { const: '' }, ref('errnoName'), { type: 'string', pattern: digits }] },
    },
  });
  return [
    when({ const: 'SCMP_ACT_ERRNO' }, data(1, 4095, ERRNO_DIGITS)),
    when({ const: 'SCMP_ACT_TRACE' }, data(0, 65535, MESSAGE_DIGITS)),
    when(
      { not: { enum: ['SCMP_ACT_ERRNO', 'SCMP_ACT_TRACE'] } },
      { properties: { [number]: absent, [name]: { enum: ['', null] } } },
    ),
  ];
}

/** The schema, from the compiled tables. */
function profileSchema() {
  const words = interfaceComments('lib/profile/seccomp-profile.ts');
  const meanings = Object.fromEntries(actionMeanings());
  const actions = Object.keys(ACTIONS);

  /** Properties with the comments of an interface, which must have one for each. */
  const properties = (name, schemas) =>
    Object.fromEntries(
      Object.entries(schemas).map(([key, schema]) => {
        const description = words[name]?.[key];
        if (description === undefined) throw new Error(`${name} has no comment for ${key}`);
        return [key, { description, ...schema }];
      }),
    );

  const allGroups = callGroups();
  const top = {
    $schema: {},
    defaultAction: described(
      actions.filter(name => name !== 'SCMP_ACT_NOTIFY'),
      meanings,
    ),
    defaultErrnoRet: { type: ['integer', 'null'] },
    defaultErrno: { type: ['string', 'null'] },
    architectures: orNull(listOf(ref('architecture'))),
    archMap: orNull(listOf(ref('archMapItem'))),
    syscalls: orNull(listOf(ref('rule'))),
    flags: orNull(listOf(described(FLAGS, FLAG_MEANINGS))),
    listenerPath: { type: ['string', 'null'] },
    listenerMetadata: { type: ['string', 'null'] },
  };
  const profileRules = [
    ...actionData('defaultAction', 'defaultErrnoRet', 'defaultErrno'),
    {
      if: {
        properties: { listenerMetadata: { type: 'string', minLength: 1 } },
        required: ['listenerMetadata'],
      },
      then: { properties: { listenerPath: { type: 'string', minLength: 1 } }, required: ['listenerPath'] },
    },
  ];
  const filled = { type: 'array', minItems: 1 };
  const rule = {
    names: orNull(
      listOf({
        anyOf: [
          ref('syscall'),
          ref('group'),
          { ...integer(0, 0x3fffffff), description: 'The number of a call.' },
        ],
      }),
    ),
    name: { anyOf: [ref('syscall'), ref('group'), { enum: ['', null] }] },
  };
  const ruleBase = {
    action: described(actions, meanings),
    errnoRet: { type: ['integer', 'null'] },
    errno: { type: ['string', 'null'] },
    args: orNull(listOf(ref('condition'))),
    includes: { anyOf: [ref('restriction'), absent] },
    excludes: { anyOf: [ref('restriction'), absent] },
    comment: {},
  };
  const ruleProperties = {
    ...properties('SeccompNamesRule', { names: rule.names }),
    ...properties('SeccompNameRule', { name: rule.name }),
    ...properties('SeccompRuleBase', ruleBase),
  };
  const withWrite = [
    'write',
    ...allGroups.filter(({ calls }) => calls.includes('write')).map(({ name }) => name),
  ];
  const ruleRules = [
    ...actionData('action', 'errnoRet', 'errno'),
    {
      if: { properties: { action: { const: 'SCMP_ACT_NOTIFY' } }, required: ['action'] },
      then: {
        properties: {
          name: { not: { enum: withWrite } },
          names: { items: { not: { enum: withWrite } } },
        },
      },
    },
  ];
  const manyNames = { properties: { names: filled, name: { enum: ['', null] } }, required: ['names'] };
  const oneName = {
    properties: { name: { type: 'string', minLength: 1 }, names: { type: ['array', 'null'], maxItems: 0 } },
    required: ['name'],
  };
  const dockersAlone = { ...absent, description: 'Only Docker reads it: OCI runtimes ignore it here.' };

  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $comment: 'Generated by scripts/generate-profile-schema.mjs: do not edit.',
    title: 'A seccomp profile',
    description: 'A seccomp profile of Docker, Podman or OCI, or an OCI config.json that contains one.',
    if: { type: 'object', properties: { extends: { not: absent } }, required: ['extends'] },
    then: ref('extending'),
    else: ref('whole'),
    definitions: {
      whole: {
        if: {
          type: 'object',
          patternProperties: { [`^${anyCase('defaultAction')}$`]: absent },
          anyOf: ['linux', 'ociVersion'].map(key => ({
            properties: { [key]: { not: absent } },
            required: [key],
          })),
        },
        then: ref('config'),
        else: ref('profile'),
      },
      extending: object(
        properties('ExtendingProfile', {
          $schema: {},
          extends: { type: 'string', minLength: 1 },
          allow: orNull(listOf(ref('callOrGroup'))),
          deny: orNull(listOf(ref('callOrGroup'))),
          only: orNull(listOf(ref('callOrGroup'))),
          syscalls: orNull(listOf(ref('rule'))),
        }),
        { required: ['extends'] },
      ),
      callOrGroup: {
        anyOf: [ref('syscall'), ref('group'), { type: 'string', pattern: '^[0-9]{1,10}$' }],
      },
      group: {
        type: 'string',
        enum: allGroups.map(({ name }) => name),
        enumDescriptions: allGroups.map(({ description }) => description),
      },
      profile: object(properties('SeccompProfile', top), {
        required: ['defaultAction'],
        allOf: [
          ...profileRules,
          {
            not: {
              properties: { architectures: filled, archMap: filled },
              required: ['architectures', 'archMap'],
            },
          },
        ],
      }),
      rule: object(ruleProperties, {
        patternProperties: RULE_REMARKS,
        required: ['action'],
        allOf: [...ruleRules, { anyOf: [manyNames, oneName] }],
      }),
      condition: object(
        properties('SeccompCondition', {
          index: integer(0, 5),
          value: { type: ['integer', 'string'], minimum: 0, maximum: 2 ** 64, pattern: CONSTANTS },
          valueTwo: { type: ['integer', 'string', 'null'], minimum: 0, maximum: 2 ** 64, pattern: CONSTANTS },
          op: described(OPERATORS, OPERATOR_MEANINGS),
        }),
        {
          required: ['index', 'value', 'op'],
          if: { properties: { op: { const: 'SCMP_CMP_MASKED_EQ' } } },
          else: { properties: { valueTwo: { enum: [0, null] } } },
        },
      ),
      restriction: object(
        properties('SeccompRestriction', {
          caps: orNull(listOf(ref('capability'))),
          arches: orNull(listOf(named(DOCKER_ARCHITECTURES))),
          minKernel: { type: ['string', 'null'], pattern: '^[0-9]{1,4}\\.[0-9]{1,4}$' },
        }),
      ),
      archMapItem: object(
        properties('SeccompArchitecture', {
          architecture: ref('architecture'),
          subArchitectures: orNull(listOf(ref('architecture'))),
        }),
        { required: ['architecture'] },
      ),
      config: {
        type: 'object',
        properties: {
          linux: {
            type: 'object',
            properties: { seccomp: ref('ociSeccomp') },
            required: ['seccomp'],
          },
        },
        required: ['linux'],
      },
      ociSeccomp: object(
        {
          ...properties('SeccompProfile', { ...top, syscalls: orNull(listOf(ref('ociRule'))) }),
          archMap: dockersAlone,
        },
        { required: ['defaultAction'], allOf: profileRules },
      ),
      ociRule: object(
        { ...ruleProperties, name: dockersAlone, includes: dockersAlone, excludes: dockersAlone },
        { patternProperties: RULE_REMARKS, required: ['action'], allOf: [...ruleRules, manyNames] },
      ),
      architecture: named(Object.keys(SCMP_ARCHS)),
      capability: named(CAPABILITIES),
      errnoName: named(errnoNames()),
      syscall: named(knownSyscalls()),
    },
  };
}

await runJsonGenerator('generate-profile-schema', 'profile.schema.json', profileSchema);
