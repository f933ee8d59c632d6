// Colours for terminals: red for refusals, green for ALLOW, yellow if a tracer or a supervisor decides, cyan for LOG.
import { isatty } from 'node:tty';
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Styles text, or returns it unchanged if the descriptor has no colours. */
type Paint = (style: Style, text: string) => string;

/** Returns a function that styles text for a descriptor. */
export const paintFor = (descriptor: 1 | 2): Paint =>
  isColored(process.env, isatty(descriptor))
    ? (style, text) => styleText(style, text, { validateStream: false })
    : (_, text) => text;

/**
 * Whether to use colours: by default only on a terminal. As in Node itself, FORCE_COLOR takes precedence over NO_COLOR,
 * NODE_DISABLE_COLORS and TERM=dumb.
 */
export function isColored(
  environment: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  const { FORCE_COLOR, NO_COLOR = '', NODE_DISABLE_COLORS = '', TERM } = environment;
  if (FORCE_COLOR !== undefined) return !['0', 'false'].includes(FORCE_COLOR);
  return isTerminal && NO_COLOR === '' && NODE_DISABLE_COLORS === '' && TERM !== 'dumb';
}

/** Names of actions in text. */
const ACTION = /\b(?:ALLOW|LOG|NOTIFY|TRAP|KILL_(?:PROCESS|THREAD)|(?:ERRNO|TRACE)\(\w+\))(?!\w)/g;

const STYLES: Readonly<Record<string, Style>> = {
  ALLOW: 'green',
  LOG: 'cyan',
  NOTIFY: 'yellow',
  TRACE: 'yellow',
  TRAP: 'red',
  ERRNO: 'red',
  KILL: ['bold', 'red'],
};

export const paintActions = (text: string, paint: Paint): string =>
  text.replace(ACTION, action => paint(STYLES[/^[A-Z]+/.exec(action)?.[0] ?? ''] ?? 'reset', action));
