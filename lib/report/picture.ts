// Draws a program's decisions as SVG, with ids with which a script highlights the path of one call.
import type { Flow, FlowEdge, FlowNode } from './flow.js';
import { markup, type Markup } from './markup.js';

const ROW = 34;
const BOX = 22;
const LETTER = 6.7;
const PADDING = 14;
/** The space between columns, for `yes` and `no`. */
const GAP = 44;
const INDENT = 12;
/** The maximum length of a text; the tooltip has the whole text. */
const LETTERS = 48;

/** Draws the decisions of a program. Tests have the ids `t1`, `t2`, … of their instructions, their branches `e1y`, `e1n`. */
export function picture({ nodes, edges, columns, rows }: Flow): Markup {
  const widths = Array.from({ length: columns }, () => 0);
  for (const node of nodes) widths[node.column] = Math.max(widths[node.column] ?? 0, widthOf(node));
  const lefts: number[] = [];
  let left = 1;
  for (const width of widths) {
    lefts.push(left);
    left += width + GAP;
  }
  const x = ({ column }: FlowNode): number => lefts[column] ?? 0;
  const [width, height] = [Math.ceil(left - GAP + 1), rows * ROW];
  const tests = nodes.filter(({ kind }) => kind === 'test');
  // All other ends are drawn with the branches that lead to them.
  const alone = nodes.slice(0, 1).filter(({ kind }) => kind !== 'test');
  return markup`<svg
    class="flow"
    width="${width}"
    height="${height}"
    viewBox="0 0 ${width} ${height}"
    role="group"
    aria-label="The decisions of the program"
  >
    ${edges.map(edge => way(edge, x))} ${[...tests, ...alone].map(node => box(node, x(node)))}
  </svg>`;
}

const textOf = (node: FlowNode): string => (node.kind === 'link' ? `→ ${node.to}` : node.text);

const shorten = (text: string): string => (text.length > LETTERS ? `${text.slice(0, LETTERS - 1)}…` : text);

const widthOf = (node: FlowNode): number =>
  Math.ceil((Math.min(textOf(node).length, LETTERS) + (node.kind === 'test' ? 5 : 0)) * LETTER) + PADDING;

function way({ from, when, to }: FlowEdge, x: (node: FlowNode) => number): Markup {
  const id = `e${from.at}${when ? 'y' : 'n'}`;
  const word = when ? 'yes' : 'no';
  const middle = from.row * ROW + BOX / 2 + 1;
  const end = to.kind === 'test' ? undefined : box(to, x(to));
  if (to.column === from.column) {
    const [at, top, bottom] = [x(from) + INDENT, from.row * ROW + BOX + 1, to.row * ROW + 1];
    return markup`<g id="${id}"><path d="M${at} ${top}V${bottom}" /><text x="${at + 5}" y="${bottom - 1}">${word}</text>${end}</g>`;
  }
  const [start, stop] = [x(from) + widthOf(from), x(to)];
  return markup`<g id="${id}"><path d="M${start} ${middle}H${stop}" /><text x="${start + 6}" y="${middle - 3}">${word}</text>${end}</g>`;
}

function box(node: FlowNode, left: number): Markup {
  const [top, width, text] = [node.row * ROW + 1, widthOf(node), textOf(node)];
  const shape = markup`<rect x="${left}" y="${top}" width="${width}" height="${BOX}" rx="4" />`;
  const [textX, textY] = [left + PADDING / 2, top + 15];
  switch (node.kind) {
    case 'test':
      return markup`<g id="t${node.at}" class="test">${shape}<text x="${textX}" y="${textY}"><tspan class="at">${node.at}</tspan> ${shorten(text)}</text><title>${text}</title></g>`;
    case 'answer':
      return markup`<g class="answer ${node.tone}">${shape}<text x="${textX}" y="${textY}">${text}</text></g>`;
    case 'link':
      return markup`<a href="#t${node.to}" class="link">${shape}<text x="${textX}" y="${textY}">${text}</text></a>`;
  }
}
