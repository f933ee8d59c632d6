// An ESLint rule: no read may depend on properties of Object.prototype.
//
// It reports reads of optional properties, look-ups of keys in open tables, and the operator `in`. The results of
// `ownOptions`, `owned` and `own` have no optional properties, so code that reads options through them passes.
import { ESLintUtils } from '@typescript-eslint/utils';
import ts from 'typescript';

const MESSAGES = {
  optional:
    '{{name}} may be absent, and then Object.prototype answers. Read it from ownOptions(), or with own()',
  operator: "'in' looks at prototypes too. Use Object.hasOwn",
  table: 'A key that the table lacks is looked up in Object.prototype. Use a Map, or own()',
};

export const ownProperties = {
  meta: { type: /** @type {const} */ ('problem'), schema: [], messages: MESSAGES },
  create(context) {
    const services = ESLintUtils.getParserServices(context);
    const checker = services.program.getTypeChecker();

    /** Whether the language declares a property: then the engine created the object. */
    const isOfTheLanguage = symbol =>
      symbol.declarations?.every(({ parent }) =>
        /\/lib\.[\w.]+\.d\.ts$/.test(parent.getSourceFile().fileName),
      ) === true;

    function checkProperty(node, objectType, name) {
      const symbol = checker.getPropertyOfType(checker.getNonNullableType(objectType), name);
      if (symbol === undefined || !(symbol.flags & ts.SymbolFlags.Optional) || isOfTheLanguage(symbol))
        return;
      context.report({ node, messageId: 'optional', data: { name } });
    }

    const isArrayLike = type =>
      type.flags & ts.TypeFlags.StringLike || type.symbol?.name === 'String'
        ? true
        : type.isUnion()
          ? type.types.every(isArrayLike)
          : checker.isArrayLikeType(type) || checker.getPropertyOfType(type, 'byteLength') !== undefined;

    return {
      MemberExpression(node) {
        if (
          node.parent.type === 'AssignmentExpression' &&
          node.parent.left === node &&
          node.parent.operator === '='
        )
          return;
        const type = checker.getApparentType(services.getTypeAtLocation(node.object));
        if (!node.computed) {
          checkProperty(node.property, type, node.property.name);
          return;
        }
        if (node.property.type === 'Literal' && typeof node.property.value === 'string') {
          if (checker.getPropertyOfType(type, node.property.value) !== undefined) {
            checkProperty(node.property, type, node.property.value);
            return;
          }
        }
        const bare = checker.getNonNullableType(type);
        if (isArrayLike(bare)) return;
        const key = services.getTypeAtLocation(node.property);
        const isOpen = [ts.IndexKind.String, ts.IndexKind.Number].some(
          kind => checker.getIndexInfoOfType(bare, kind) !== undefined,
        );
        if (isOpen && bare.flags & ts.TypeFlags.Object && !(key.flags & ts.TypeFlags.ESSymbolLike))
          context.report({ node, messageId: 'table' });
        else if (key.isUnion())
          for (const part of key.types)
            if (part.isStringLiteral()) checkProperty(node.property, type, part.value);
      },
      ObjectPattern(node) {
        const type = checker.getApparentType(services.getTypeAtLocation(node));
        const given =
          node.parent.type === 'VariableDeclarator' && node.parent.init
            ? checker.getApparentType(services.getTypeAtLocation(node.parent.init))
            : type;
        for (const property of node.properties) {
          if (property.type !== 'Property' || property.computed) continue;
          checkProperty(property, given, property.key.name ?? property.key.value);
        }
      },
      BinaryExpression(node) {
        if (node.operator === 'in' && node.left.type !== 'PrivateIdentifier')
          context.report({ node, messageId: 'operator' });
      },
    };
  },
};
