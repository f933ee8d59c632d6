// What a report does beside being read: search, the chosen call, the way of a call through the program.
/* global interpreter */
'use strict';

(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const byId = id => document.getElementById(id);
  document.documentElement.classList.add('scripting');

  /** An element with attributes and children; texts become text. */
  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children.filter(child => child !== undefined));
    return made;
  }

  const counted = (number, word) => `${number} ${word}${number === 1 ? '' : 's'}`;

  /** Bit 30 marks the numbers of x32, which people leave out. */
  const bareNumber = number => (number >= 0x40000000 ? number - 0x40000000 : number);

  /** The number that a text says, or undefined. */
  const numberIn = text => (/^(?:0x[\da-f]+|\d+)$/i.test(text) ? Number(text) : undefined);

  const isNumbered = (call, number) => call.number === number || bareNumber(call.number) === number;

  // The grids: one item for each call, with its button.
  const grids = [...document.querySelectorAll('details.interface')].map((details, index) => {
    const { abi, calls } = data.interfaces[index];
    const items = [...details.querySelectorAll('.grid > li')].map((item, at) => ({
      item,
      button: item.firstElementChild,
      call: calls[at],
      abi,
    }));
    return { details, abi, items, matches: details.querySelector('.matches') };
  });
  const itemOf = new Map(grids.flatMap(({ items }) => items.map(one => [one.button, one])));

  // Search and choice of answers.
  const query = byId('query');
  const chips = [...document.querySelectorAll('input[name=tone]')];
  /** Which grids were open before a search opened those with matches. */
  let openBefore;

  function filterCalls() {
    const text = query.value.trim().toLowerCase();
    const number = numberIn(text);
    const tones = new Set(chips.filter(chip => chip.checked).map(chip => chip.value));
    if (text !== '') openBefore ??= new Map(grids.map(({ details }) => [details, details.open]));
    let [shown, all] = [0, 0];
    for (const { details, items, matches } of grids) {
      let here = 0;
      for (const { item, call } of items) {
        const found = call.name.includes(text) || (number !== undefined && isNumbered(call, number));
        item.hidden = !(found && tones.has(call.tone));
        if (!item.hidden) here++;
      }
      matches.textContent =
        here === items.length ? counted(here, 'call') : `${here} of ${counted(items.length, 'call')}`;
      if (openBefore !== undefined) details.open = text === '' ? openBefore.get(details) : here > 0;
      enter(items.find(({ item }) => !item.hidden));
      shown += here;
      all += items.length;
    }
    if (text === '') openBefore = undefined;
    byId('matches').textContent =
      shown === all ? counted(all, 'call') : `${shown} of ${counted(all, 'call')}`;
  }
  query.addEventListener('input', filterCalls);
  for (const chip of chips) chip.addEventListener('change', filterCalls);

  // The keyboard: a grid is one stop, arrows go on from there.
  function enter(one) {
    if (one === undefined) return;
    const { items } = grids.find(({ abi }) => abi === one.abi);
    for (const { button } of items) button.tabIndex = button === one.button ? 0 : -1;
  }

  /** The button that a key leads to from another one. */
  function neighbour(button, key) {
    const { items } = grids.find(({ abi }) => abi === itemOf.get(button).abi);
    const buttons = items.filter(({ item }) => !item.hidden).map(one => one.button);
    const at = buttons.indexOf(button);
    const [first] = buttons;
    const perRow = buttons.findIndex(other => other.offsetTop > first.offsetTop);
    const skip = perRow < 1 ? buttons.length : perRow;
    switch (key) {
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
      byId('walk-abi').value = abi;
      byId('walk-call').value = call.name;
      byId('walk-args').value = '';
      offerCalls();
      walkProgram();
      byId('program').scrollIntoView();
    });
    return [
      element('h3', {}, call.name, ' ', element('small', {}, `${abi} ${call.number}`)),
      ...aboutAnswer(call),
      ...(call.why === undefined ? [] : [element('p', { class: 'hint' }, `${call.why}.`)]),
      ...aboutParameters(call),
      ...aboutRules(call),
      walk,
    ];
  }

  const key = (tone, text) => element('span', { class: `key ${tone}` }, text);

  /** The kind of an action by its name. */
  function toneOf(action) {
    const [word] = action.split(/[_(]/);
    const known = ['ALLOW', 'LOG', 'NOTIFY', 'TRACE', 'ERRNO', 'TRAP'];
    return known.includes(word) ? word.toLowerCase() : 'kill';
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

  // The way of a call through the program.
  const walkForm = byId('walk');
  const chosenInterface = () => data.interfaces.find(({ abi }) => abi === byId('walk-abi').value);

  function offerCalls() {
    const names = chosenInterface()?.calls.map(({ name }) => element('option', { value: name })) ?? [];
    byId('walk-calls').replaceChildren(...names);
  }
  byId('walk-abi').addEventListener('change', offerCalls);
  offerCalls();

  /** A register from a number in decimal or hexadecimal, or a negative one. */
  function registerIn(text) {
    const [, sign, digits] = /^(-?)(0x[\da-f]+|\d+)$/i.exec(text) ?? [];
    if (digits === undefined) return undefined;
    return BigInt.asUintN(64, sign === '-' ? -BigInt(digits) : BigInt(digits));
  }

  walkForm.addEventListener('submit', event => {
    event.preventDefault();
    walkProgram();
  });

  function walkProgram() {
    const call = byId('walk-call').value.trim();
    const args = byId('walk-args')
      .value.split(/[\s,]+/)
      .filter(text => text !== '');
    const registers = args.map(registerIn);
    const from = chosenInterface();
    const asked = numberIn(call);
    const known = from?.calls.find(one => (asked === undefined ? one.name === call : isNumbered(one, asked)));
    const number = known?.number ?? asked;
    if (from === undefined || number === undefined || number > 0xffffffff) return say(`No call ${call}`);
    if (registers.includes(undefined) || registers.length > 6) return say('Arguments are up to six numbers');
    const { action, path } = interpreter.runProgram(
      data.program,
      interpreter.callWords(from.audit, number, registers),
    );
    show(path);
    const last = data.program[path.at(-1).index];
    const words = last[0] === 0x06 ? last[4].replace(/^return /, '') : `0x${action.toString(16)}`;
    byId('walk-hint').hidden = true;
    say(
      key(last[0] === 0x06 ? toneOf(words) : 'conditional', words),
      ` after ${counted(path.length, 'instruction')}`,
    );
  }

  const say = (...parts) => byId('walk-result').replaceChildren(...parts);

  /** Lights up a way in the picture and lists its steps. */
  function show(path) {
    for (const lit of document.querySelectorAll('.flow .lit')) lit.classList.remove('lit');
    const tests = path.filter(({ held }) => held !== undefined);
    for (const { index, held } of tests) {
      byId(`t${index}`)?.classList.add('lit');
      byId(`e${index}${held ? 'y' : 'n'}`)?.classList.add('lit');
    }
    document.querySelector('.flow').classList.toggle('walked', tests.length > 0);
    const steps = path.map(({ index, a, held }, at) => {
      const code = element('code', {}, data.program[index][4]);
      if (held === undefined) return element('li', { value: index }, code);
      const seen = element('small', {}, ` 0x${a.toString(16)} goes to ${path[at + 1].index}`);
      return element('li', { value: index }, element('a', { href: `#t${index}` }, code), seen);
    });
    byId('steps').replaceChildren(...steps);
    const last = tests.at(-1);
    if (last !== undefined) byId(`t${last.index}`)?.scrollIntoView({ block: 'center', inline: 'center' });
  }
})();
