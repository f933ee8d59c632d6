// Writes output.schema.json, the JSON Schema of the --json output of subcommands, from the types of lib/cli/json-outputs.ts
// and their comments. test/cli/json-outputs.test.ts validates real output against it.
// Usage: node scripts/generate-output-schema.mjs [--check]
import ts from 'typescript';
import { inRoot, root } from './files.mjs';
import { runJsonGenerator } from './generated-file.mjs';

const SOURCE = 'lib/cli/json-outputs.ts';

/** A union of more literals than this, such as the names of all calls, becomes any string. */
const MANY = 64;

/** The schema, from the types. */
function outputSchema() {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(inRoot('tsconfig.lib.json'), ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const program = ts.createProgram([inRoot(SOURCE)], { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(inRoot(SOURCE));
  if (source === undefined) throw new Error(`${SOURCE} is missing`);
  const outputs = checker
    .getExportsOfModule(checker.getSymbolAtLocation(source) ?? fail('it exports nothing'))
    .find(({ name }) => name === 'JsonOutputs');
  if (outputs === undefined) throw new Error(`${SOURCE} has no JsonOutputs`);
  const members = checker.getDeclaredTypeOfSymbol(outputs).getProperties();

  /** @type {Map<string, ts.Type>} */
  const types = new Map();
  /** @type {Record<string, object>} */
  const definitions = {};

  /** @param {ts.Type} type */
  function schemaOf(type) {
    if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return {};
    if (type.flags & ts.TypeFlags.BigIntLike) return { type: 'string', pattern: '^-?[0-9]+$' };
    if (type.isUnion()) return unionSchema(type);
    if (type.flags & ts.TypeFlags.BooleanLike) return { type: 'boolean' };
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
    if (type.flags & (ts.TypeFlags.StringLike | ts.TypeFlags.TemplateLiteral)) return { type: 'string' };
    if (type.flags & ts.TypeFlags.NumberLike) return { type: 'number' };
    if (type.flags & ts.TypeFlags.Null) return { type: 'null' };
    const elements = checker.getTypeArguments(/** @type {ts.TypeReference} */ (type));
    if (checker.isTupleType(type))
      return {
        type: 'array',
        items: elements.map(schemaOf),
        minItems: elements.length,
        additionalItems: false,
        maxItems: elements.length,
      };
    if (checker.isArrayType(type) || type.symbol?.name === 'ReadonlySet')
      return { type: 'array', items: schemaOf(elements[0] ?? fail('an array of nothing')) };
    return namedSchema(type);
  }

  /** @param {ts.UnionType} type */
  function unionSchema(type) {
    const present = type.types.filter(each => !(each.flags & ts.TypeFlags.Undefined));
    if (present.every(each => each.flags & ts.TypeFlags.BooleanLike)) return { type: 'boolean' };
    if (present.every(each => each.isStringLiteral() || each.isNumberLiteral())) {
      // The compiler's order depends on the other files that it has read.
      const values = present.map(each => /** @type {ts.LiteralType} */ (each).value).sort();
      const [first] = values;
      if (values.length === 1) return { const: first };
      return values.length > MANY ? { type: typeof first } : { enum: values };
    }
    const [only, ...more] = present.map(schemaOf).sort(byText);
    return more.length === 0 ? (only ?? {}) : { anyOf: [only, ...more] };
  }

  /** An object: a reference if its type is named. */
  function namedSchema(type) {
    const name = type.symbol?.flags & ts.SymbolFlags.Interface ? type.symbol.name : undefined;
    if (name === undefined || checker.getTypeArguments(type).length > 0) return objectSchema(type);
    const known = types.get(name);
    if (known === undefined) {
      types.set(name, type);
      definitions[name] = {};
      definitions[name] = { ...described(type.symbol), ...objectSchema(type) };
    } else if (known !== type) throw new Error(`two types are called ${name}`);
    return { $ref: `#/definitions/${name}` };
  }

  function objectSchema(type) {
    const properties = checker.getPropertiesOfType(type).map(property => {
      const own = checker.getTypeOfSymbol(property);
      const isOptional =
        (property.flags & ts.SymbolFlags.Optional) !== 0 ||
        (own.isUnion() && own.types.some(each => each.flags & ts.TypeFlags.Undefined));
      return { name: property.name, isOptional, schema: { ...described(property), ...schemaOf(own) } };
    });
    const index = checker.getIndexTypeOfType(type, ts.IndexKind.String);
    return {
      type: 'object',
      properties: Object.fromEntries(properties.map(({ name, schema }) => [name, schema])),
      required: properties.flatMap(({ name, isOptional }) => (isOptional ? [] : [name])),
      additionalProperties: index === undefined ? false : schemaOf(index),
    };
  }

  const described = symbol => {
    const text = ts.displayPartsToString(symbol.getDocumentationComment(checker)).replaceAll('`', '');
    return text === '' ? {} : { description: text.replaceAll(/\s*\n\s*/g, ' ') };
  };

  const commands = Object.fromEntries(
    members.map(member => [member.name, schemaOf(checker.getTypeOfSymbol(member))]),
  );
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $comment: 'Generated by scripts/generate-output-schema.mjs: do not edit.',
    title: 'Output of seccomp --json',
    description:
      'What the subcommands of seccomp write with --json: that of explain is #/definitions/explain. A number that has a name has it beside it, in a member that ends with Name. Numbers that may have more than 53 bits are strings of decimal digits.',
    anyOf: Object.keys(commands).map(name => ({ $ref: `#/definitions/${name}` })),
    definitions: { ...commands, ...definitions },
  };
}

const byText = (a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** @returns {never} */
function fail(message) {
  throw new Error(message);
}

await runJsonGenerator('generate-output-schema', 'output.schema.json', outputSchema);
