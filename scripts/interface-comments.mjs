// The comments of TypeScript interfaces, for descriptions in generated files.
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { inRoot } from './files.mjs';

/**
 * The comment of each member of each interface in a source file, without Markdown.
 * @param {string} path relative to the project's folder
 * @returns {Record<string, Record<string, string>>}
 */
export function interfaceComments(path) {
  const file = inRoot(path);
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  /** @type {Record<string, Record<string, string>>} */
  const found = {};
  for (const node of source.statements.filter(ts.isInterfaceDeclaration)) {
    found[node.name.text] = Object.fromEntries(
      node.members.flatMap(member => {
        const comment = ts.getTextOfJSDocComment(ts.getJSDocCommentsAndTags(member)[0]?.comment);
        if (member.name === undefined || comment === undefined) return [];
        return [[member.name.getText(source), comment.replaceAll('`', '')]];
      }),
    );
  }
  return found;
}
