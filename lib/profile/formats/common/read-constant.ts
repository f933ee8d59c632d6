// Reads constants of conditions in minijail's format and the `words` format.
import type { Constant } from './expression.js';
import { checkDepth, type Scanner } from './scanner.js';

/**
 * Reads `CLONE_NEWUSER|CLONE_NEWNS`, `~0x3` and parentheses. `readText` reads a number or a name, and returns undefined if
 * there is none. Throws ProfileError (`policy-syntax`, `too-deep`).
 */
export function readConstant(scanner: Scanner, readText: () => string | undefined, depth = 0): Constant {
  let constant = readPart(scanner, readText, depth);
  while (scanner.accept('|')) constant = { kind: '|', of: [constant, readPart(scanner, readText, depth)] };
  return constant;
}

function readPart(scanner: Scanner, readText: () => string | undefined, depth: number): Constant {
  const { at } = scanner.peek();
  checkDepth(depth, 'values', at);
  if (scanner.accept('~')) return { kind: '~', of: readPart(scanner, readText, depth + 1) };
  if (scanner.accept('(')) {
    const inner = readConstant(scanner, readText, depth + 1);
    scanner.expect(')');
    return inner;
  }
  const text = readText();
  if (text === undefined) return scanner.unexpected('a value', 'Write a number or the name of a constant');
  scanner.next();
  return { kind: 'text', text, at };
}
