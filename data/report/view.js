// What the sections about a filter do beside being read: search, the chosen call, the picture, the way of a call through the
// program. Reports and the playground have them; the playground replaces the sections and attaches this anew.
import { callWords, runProgram } from '../../dist/report/interpreter.js';
import { parameterOf } from '../../dist/kernel/arguments/signatures.js';
import { parseValue } from '../../dist/kernel/arguments/named-values.js';

export const byId = id => document.getElementById(id);

/** An element with attributes and children; texts become text. */
export function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter(child => child !== undefined));
  return made;
}

export const counted = (number, word) => `${number} ${word}${number === 1 ? '' : 's'}`;

/** An action as a key of the legend. */
export const key = (tone, text) => element('span', { class: `key ${tone}` }, text);

/** The kind of an action by its name. */
export function toneOf(action) {
  const [word] = action.split(/[_(]/);
  const known = ['ALLOW', 'LOG', 'NOTIFY', 'TRACE', 'ERRNO', 'TRAP'];
  return known.includes(word) ? word.toLowerCase() : 'kill';
}

/** Bit 30 marks the numbers of x32, which people leave out. */
const bareNumber = number => (number >= 0x40000000 ? number - 0x40000000 : number);

/** The number that a text says, or undefined. */
const numberIn = text => (/^(?:0x[\da-f]+|\d+)$/i.test(text) ? Number(text) : undefined);

const isNumbered = (call, number) => call.number === number || bareNumber(call.number) === number;

/** From this scale on the texts of the picture can be read. */
const LEGIBLE = 0.5;

/** A call in the fragment of a link: `x86_64/socket(AF_UNIX,1)`, with its arguments or without. */
const LINKED = /^(\w{1,20})\/(\w{1,64})(?:\(([^()]{0,400})\))?$/;

/**
 * Attaches to the sections of the page. `data` is what the page says in JSON. `linkTo` gives the address of a call,
 * `onWalk` is told of each walk.
 */
export function showFilter(data, { linkTo = call => `#call=${encodeURIComponent(call)}`, onWalk } = {}) {
  // The grids: one item for each call, with its button.
  const grids = [...document.querySelectorAll('details.abi')].map((details, index) => {
    const { abi, calls } = data.abis[index];
    const items = [...details.querySelectorAll('.grid > li')].map((item, at) => ({
      item,
      button: item.firstElementChild,
      call: calls[at],
      abi,
    }));
    return { details, abi, items, matches: details.querySelector('.matches') };
  });
  const itemOf = new Map(grids.flatMap(({ items }) => items.map(one => [one.button, one])));

  // Search, and choice of a group and of answers.
  const group = byId('group');
  const groups = new Map(data.groups.map(([name, calls]) => [name, new Set(calls.split(' '))]));
  const query = byId('query');
  const chips = [...document.querySelectorAll('input[name=tone]')];
  const changed = byId('changed-only');
  /** Which grids were open before a search opened those with matches. */
  let openBefore;

  function filterCalls() {
    const text = query.value.trim().toLowerCase();
    const number = numberIn(text);
    const tones = new Set(chips.filter(chip => chip.checked).map(chip => chip.value));
    const members = groups.get(group.value);
    const narrowed = text !== '' || members !== undefined || changed?.checked;
    if (narrowed) openBefore ??= new Map(grids.map(({ details }) => [details, details.open]));
    let [shown, all] = [0, 0];
    for (const { details, items, matches } of grids) {
      let here = 0;
      for (const { item, call } of items) {
        const found = call.name.includes(text) || (number !== undefined && isNumbered(call, number));
        item.hidden = !(
          found &&
          members?.has(call.name) !== false &&
          tones.has(call.tone) &&
          (!changed?.checked || call.changes !== undefined)
        );
        if (!item.hidden) here++;
      }
      matches.textContent =
        here === items.length ? counted(here, 'call') : `${here} of ${counted(items.length, 'call')}`;
      if (openBefore !== undefined) details.open = narrowed ? here > 0 : openBefore.get(details);
      enter(items.find(({ item }) => !item.hidden));
      shown += here;
      all += items.length;
    }
    if (!narrowed) openBefore = undefined;
    byId('matches').textContent =
      shown === all ? counted(all, 'call') : `${shown} of ${counted(all, 'call')}`;
  }
  query.addEventListener('input', filterCalls);
  for (const chip of [group, ...chips, ...(changed === null ? [] : [changed])])
    chip.addEventListener('change', filterCalls);
  query.addEventListener('keydown', event => {
    if (event.key === 'Escape' && query.value !== '') {
      query.value = '';
      filterCalls();
    } else if (event.key === 'ArrowDown' || event.key === 'Enter') {
      const first = grids
        .flatMap(({ details, items }) => (details.open ? items : []))
        .find(one => !one.item.hidden);
      first?.button.focus();
    } else return;
    event.preventDefault();
  });

  // The keyboard: a grid is one stop, arrows go on from there.
  function enter(one) {
    if (one === undefined) return;
    const { items } = grids.find(({ abi }) => abi === one.abi);
    for (const { button } of items) button.tabIndex = button === one.button ? 0 : -1;
  }

  /** The button that a key leads to from another one. */
  function neighbour(button, pressed) {
    const { items } = grids.find(({ abi }) => abi === itemOf.get(button).abi);
    const buttons = items.filter(({ item }) => !item.hidden).map(one => one.button);
    const at = buttons.indexOf(button);
    const [first] = buttons;
    const perRow = buttons.findIndex(other => other.offsetTop > first.offsetTop);
    const skip = perRow < 1 ? buttons.length : perRow;
    switch (pressed) {
      case 'ArrowRight':
        return buttons[at + 1];
      case 'ArrowLeft':
        return buttons[at - 1];
      case 'ArrowDown':
        return buttons[at + skip];
      case 'ArrowUp':
        return buttons[at - skip];
      case 'Home':
        return first;
      case 'End':
        return buttons.at(-1);
      case 'Escape':
        return query;
      default:
        return undefined;
    }
  }

  let chosen;
  for (const { details, items } of grids) {
    enter(items[0]);
    details.addEventListener('focusin', event => {
      const one = itemOf.get(event.target);
      if (one !== undefined) choose(one);
    });
    details.addEventListener('click', event => {
      const one = itemOf.get(event.target.closest('button'));
      if (one !== undefined) choose(one);
    });
    details.addEventListener('keydown', event => {
      if (!itemOf.has(event.target)) return;
      const next = neighbour(event.target, event.key);
      if (next === undefined) return;
      event.preventDefault();
      next.focus();
    });
  }

  /** Shows all there is to know of a call. */
  function choose(one) {
    if (chosen === one) return;
    chosen?.button.removeAttribute('aria-current');
    chosen = one;
    one.button.setAttribute('aria-current', 'true');
    enter(one);
    byId('panel').replaceChildren(...aboutCall(one));
  }

  function aboutCall({ abi, call }) {
    const walk = element('button', { type: 'button' }, 'Walk the program');
    walk.addEventListener('click', () => {
      fillWalk(abi, call.name, '');
      walkProgram();
      byId('program').scrollIntoView();
    });
    return [
      element('h3', {}, call.name, ' ', element('small', {}, `${abi} ${call.number}`)),
      ...aboutAnswer(call),
      ...(call.why === undefined ? [] : [element('p', { class: 'hint' }, `${call.why}.`)]),
      ...aboutGroups(call),
      ...aboutChanges(call),
      ...aboutParameters(call),
      ...aboutRules(call),
      walk,
      ' ',
      element('a', { href: linkTo(`${abi}/${call.name}`) }, 'Link to this call'),
    ];
  }

  function aboutAnswer({ cases, otherwise }) {
    if (cases.length === 0) return [element('p', {}, key(toneOf(otherwise), otherwise), ' always')];
    const rows = cases.map(({ condition, action }) =>
      element('li', {}, key(toneOf(action), action), ' if ', condition),
    );
    return [
      element(
        'ul',
        { class: 'cases' },
        ...rows,
        element('li', {}, key(toneOf(otherwise), otherwise), ' otherwise'),
      ),
    ];
  }

  function aboutGroups({ name }) {
    const names = [...groups].filter(([, calls]) => calls.has(name)).map(([groupName]) => groupName);
    return names.length === 0 ? [] : [element('p', { class: 'hint' }, names.join(', '))];
  }

  function aboutChanges({ changes }) {
    if (changes === undefined) return [];
    const items = changes.map(({ from, to, when }) =>
      element(
        'li',
        {},
        key(toneOf(from), from),
        ' → ',
        key(toneOf(to), to),
        when === undefined ? undefined : ` if ${when}`,
      ),
    );
    return [element('h4', {}, `Under ${data.against}`), element('ul', { class: 'cases' }, ...items)];
  }

  function aboutParameters({ parameters }) {
    if (parameters === undefined) return [];
    if (parameters.length === 0) return [element('p', {}, 'No arguments')];
    const items = parameters.map(words => element('li', {}, element('code', {}, words)));
    return [element('h4', {}, 'Arguments'), element('ol', { start: '0' }, ...items)];
  }

  function aboutRules({ rules }) {
    if (rules.length === 0) return [];
    const items = rules.map(([index, line, column]) => {
      const { action, conditions, restriction, inForce, comment } = data.rules[index];
      const place =
        data.lines >= line
          ? element('a', { href: `#P${line}-${column}` }, `${line}:${column}`)
          : `${line}:${column}`;
      return element(
        'li',
        inForce ? {} : { class: 'idle' },
        place,
        ': ',
        key(toneOf(action), action),
        conditions === undefined ? undefined : ` if ${conditions}`,
        restriction === undefined ? undefined : `, ${restriction}`,
        inForce ? undefined : ' (not for this target)',
        comment === undefined || comment === '' ? undefined : element('q', {}, comment),
      );
    });
    return [element('h4', {}, 'Rules that name it'), element('ul', {}, ...items)];
  }

  // The picture: an overview at first, then as large as one likes.
  const canvas = document.querySelector('.canvas');
  const flow = document.querySelector('.flow');
  const natural = { width: Number(flow.getAttribute('width')), height: Number(flow.getAttribute('height')) };
  /** How many pixels of the page one of the picture has, across and down. */
  let scale = [1, 1];

  /** Resizes the picture, with a point of it kept where it is: across and down from the corner of the canvas. */
  function resize([across, down], [x, y] = [canvas.clientWidth / 2, canvas.clientHeight / 2]) {
    const [left, top] = [(canvas.scrollLeft + x) / scale[0], (canvas.scrollTop + y) / scale[1]];
    scale = [across, down];
    flow.style.width = `${natural.width * across}px`;
    flow.style.height = `${natural.height * down}px`;
    canvas.classList.toggle('far', down < LEGIBLE);
    canvas.scrollTo(left * across - x, top * down - y);
  }

  const zoom = (to, point) => {
    const wanted = Math.min(3, Math.max(to, 0.1));
    flow.removeAttribute('preserveAspectRatio');
    resize([wanted, wanted], point);
    byId('zoom').textContent = `${Math.round(wanted * 100)} %`;
  };

  /** The whole picture, as wide and as high as there is room: without texts, its proportions do not matter. */
  function overview() {
    const room = [canvas.clientWidth - 28, globalThis.innerHeight * 0.8 - 32];
    flow.setAttribute('preserveAspectRatio', 'none');
    resize([Math.min(1, room[0] / natural.width), Math.min(1, room[1] / natural.height)]);
    byId('zoom').textContent = 'the whole picture';
  }

  const ZOOMS = {
    overview,
    out: () => zoom(scale[1] / 1.5),
    in: () => zoom(scale[1] * 1.5),
    full: () => zoom(1),
  };
  for (const button of document.querySelectorAll('button[data-zoom]'))
    button.addEventListener('click', () => ZOOMS[button.dataset.zoom]());
  canvas.addEventListener('keydown', event => {
    const action = { '+': 'in', '=': 'in', '-': 'out', 0: 'overview', 1: 'full' }[event.key];
    if (action === undefined || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    ZOOMS[action]();
  });
  canvas.addEventListener(
    'wheel',
    event => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const { left, top } = canvas.getBoundingClientRect();
      zoom(scale[1] * 0.998 ** event.deltaY, [event.clientX - left, event.clientY - top]);
    },
    { passive: false },
  );
  // In an overview nothing can be read: a click shows what is there.
  canvas.addEventListener('click', event => {
    if (scale[1] >= LEGIBLE) return;
    event.preventDefault();
    const { left, top } = canvas.getBoundingClientRect();
    zoom(1, [event.clientX - left, event.clientY - top]);
  });
  ZOOMS.overview();

  // The way of a call through the program.
  const chosenAbi = () => data.abis.find(({ abi }) => abi === byId('walk-abi').value);

  function offerCalls() {
    const names = chosenAbi()?.calls.map(({ name }) => element('option', { value: name })) ?? [];
    byId('walk-calls').replaceChildren(...names);
  }
  byId('walk-abi').addEventListener('change', offerCalls);
  offerCalls();

  function fillWalk(abi, call, args) {
    byId('walk-abi').value = abi;
    byId('walk-call').value = call;
    byId('walk-args').value = args;
    offerCalls();
  }

  byId('walk').addEventListener('submit', event => {
    event.preventDefault();
    walkProgram();
  });

  const say = (...parts) => byId('walk-result').replaceChildren(...parts);

  function walkProgram() {
    const call = byId('walk-call').value.trim();
    const from = chosenAbi();
    const asked = numberIn(call);
    const known = from?.calls.find(one => (asked === undefined ? one.name === call : isNumbered(one, asked)));
    const number = known?.number ?? asked;
    if (from === undefined || number === undefined || number > 0xffffffff) return say(`No call ${call}`);
    const texts = byId('walk-args')
      .value.split(/\s*,\s*|(?<![|\s])\s+(?!\s*\|)/)
      .filter(text => text !== '');
    if (texts.length > 6) return say('A call has up to six arguments');
    let registers;
    try {
      registers = texts.map((text, index) =>
        parseValue(text, known && parameterOf(from.abi, known.name, index), from.abi),
      );
    } catch (error) {
      return say(error.message);
    }
    const { action, path } = runProgram(data.program, callWords(from.audit, number, registers));
    showWay(path);
    const last = data.program[path.at(-1).index];
    const words = last[0] === 0x06 ? last[4].replace(/^return /, '') : `0x${action.toString(16)}`;
    const place = `${from.abi}/${known?.name ?? number}${texts.length > 0 ? `(${texts.join(',')})` : ''}`;
    byId('walk-hint').hidden = true;
    say(
      key(last[0] === 0x06 ? toneOf(words) : 'conditional', words),
      ` after ${counted(path.length, 'instruction')} `,
      element('a', { href: linkTo(place) }, 'Link to this'),
    );
    onWalk?.({ abi: from.abi, number, registers });
  }

  /** Lights up a way in the picture and lists its steps. */
  function showWay(path) {
    for (const lit of document.querySelectorAll('.flow .lit')) lit.classList.remove('lit');
    const tests = path.filter(({ held }) => held !== undefined);
    for (const { index, held } of tests) {
      byId(`t${index}`)?.classList.add('lit');
      byId(`e${index}${held ? 'y' : 'n'}`)?.classList.add('lit');
    }
    flow.classList.toggle('walked', tests.length > 0);
    const steps = path.map(({ index, a, held }, at) => {
      const code = element('code', {}, data.program[index][4]);
      if (held === undefined) return element('li', { value: index }, code);
      const seen = element('small', {}, ` 0x${a.toString(16)} goes to ${path[at + 1].index}`);
      return element('li', { value: index }, element('a', { href: `#t${index}` }, code), seen);
    });
    byId('steps').replaceChildren(...steps);
    const last = byId(`t${tests.at(-1)?.index}`);
    if (last === null) return;
    if (scale[1] < LEGIBLE) zoom(1);
    const [box, frame] = [last.getBoundingClientRect(), canvas.getBoundingClientRect()];
    canvas.scrollBy(
      box.left - frame.left - (frame.width - box.width) / 2,
      box.top - frame.top - (frame.height - box.height) / 2,
    );
  }

  return {
    /** Shows the call that a link names; a link may come from anyone. Whether there is one. */
    open(link) {
      const [, abi, name, args] = LINKED.exec(link) ?? [];
      const one = grids
        .flatMap(({ items }) => items)
        .find(({ abi: on, call }) => on === abi && call.name === name);
      if (one === undefined) return false;
      grids.find(({ abi: on }) => on === abi).details.open = true;
      one.item.hidden = false;
      choose(one);
      if (args === undefined) one.button.focus();
      else {
        fillWalk(abi, name, args);
        walkProgram();
        byId('program').scrollIntoView();
      }
      return true;
    },
    /** The chosen call as a link names it, or undefined. */
    chosen: () => chosen && `${chosen.abi}/${chosen.call.name}`,
    /** What a reader has set, for `restore` of the sections that replace these. */
    state: () => ({
      query: query.value,
      tones: chips.filter(chip => !chip.checked).map(chip => chip.value),
      changed: changed?.checked ?? false,
      open: new Map(grids.map(({ abi, details }) => [abi, details.open])),
      chosen: chosen && [chosen.abi, chosen.call.name],
      walk: ['walk-abi', 'walk-call', 'walk-args'].map(id => byId(id).value),
    }),
    restore(state) {
      query.value = state.query;
      for (const chip of chips) chip.checked = !state.tones.includes(chip.value);
      if (changed !== null) changed.checked = state.changed;
      for (const { details, abi } of grids) details.open = state.open.get(abi) ?? details.open;
      filterCalls();
      const one = grids
        .flatMap(({ items }) => items)
        .find(({ abi, call }) => abi === state.chosen?.[0] && call.name === state.chosen[1]);
      if (one !== undefined) choose(one);
      const [abi, call, args] = state.walk;
      if (grids.some(grid => grid.abi === abi)) fillWalk(abi, call, args);
      if (call !== '') walkProgram();
    },
  };
}

/** `/` goes to the search from anywhere but a field. */
export function searchByKey() {
  document.addEventListener('keydown', event => {
    const typing = event.target.closest?.('input, textarea, select, [contenteditable]');
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    byId('query')?.focus();
    byId('query')?.select();
  });
}
