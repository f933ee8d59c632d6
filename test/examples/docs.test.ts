// The documentation matches the source: every code is documented, every documented code exists, and every link works.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as seccomp from 'seccomp';
import * as inspect from 'seccomp/inspect';
import { ABIS } from '#lib/kernel/abi.js';
import { abisOf, architectureByName, architectureNames, ARCHITECTURES } from '#lib/kernel/architectures.js';
import { PROCESSORS } from '#lib/native.js';
import { CODES } from '#lib/util/codes.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

/** The sources of the package, except the table of codes itself. */
const sources = (): readonly string[] =>
  readdirSync(`${root}lib`, { recursive: true, encoding: 'utf8' }).filter(
    path => path.endsWith('.ts') && path !== 'util/codes.ts',
  );

/** Codes that are built from parts: `missing-${field}`. */
const COMPOSED = ['missing-index', 'missing-value'];

const pages = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(`${root}docs`).map(name => `docs/${name}`),
].filter(name => name.endsWith('.md'));

/** The anchors of a page's headings, as GitHub generates them. */
const anchorsOf = (path: string): readonly string[] =>
  [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** `a, b or c` */
const list = (names: readonly string[], last: 'and' | 'or'): string =>
  [...names.slice(0, -2), names.slice(-2).join(` ${last} `)].join(', ');

const abis = ARCHITECTURES.flatMap(abisOf);
/** Each with its other names. */
const namedArchitectures = ARCHITECTURES.map(arch => {
  const others = architectureNames().filter(name => name !== arch && architectureByName(name) === arch);
  return `${arch} (also ${others.join(', ')})`;
});

/** Phrases of pages that list what this package supports. */
const SUPPORTED: readonly (readonly [page: string, words: string])[] = [
  ['README.md', `add-ons for ${list(PROCESSORS, 'and')}, glibc and musl`],
  ['README.md', `| architectures | ${abis.join(', ')} |`],
  ['README.md', `Linux on ${list(PROCESSORS, 'or')} with`],
  ['docs/building.md', `Linux on ${list(PROCESSORS, 'and')}, with`],
  ...PROCESSORS.flatMap(name =>
    ['glibc', 'musl'].map(
      libc => ['docs/building.md', `prebuilds/linux-${name}/seccomp.${libc}.node |`] as const,
    ),
  ),
  ['docs/api-overview.md', `abi is ${list(abis, 'or')}.`],
  ['docs/cli.md', `The architecture: ${list(namedArchitectures, 'or')};`],
  ['docs/api-overview.md', `Every option arch is ${list(namedArchitectures, 'or')}.`],
  ['docs/cli.md', `is one on another ABI (${abis.join(', ')})`],
  ['docs/cli.md', `has not tested the architecture: ${list(abis, 'or')} |`],
  ['docs/diagnostics.md', `Name a target: ${list(ARCHITECTURES, 'or')} |`],
  ['docs/diagnostics.md', `the platform is not Linux on ${list(PROCESSORS, 'or')} |`],
  ...abis.map(abi => ['docs/profiles.md', ABIS[abi].scmpName] as const),
  ...abis.map(abi => ['docs/profiles.md', ABIS[abi].dockerName] as const),
  ['docs/recording.md', `The profile is in Docker's format, for ${list(ARCHITECTURES, 'and')}.`],
  ['docs/recording.md', `ABIs other than ${list(abis, 'and')} are counted`],
];

describe('The pages', () => {
  it('list every code of an error or a warning, and no others', () => {
    const documented = [...read('docs/diagnostics.md').matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(
      ([, code = '']) => code,
    );
    assert.deepEqual(
      documented.filter((code, index) => documented.indexOf(code) < index),
      [],
      'listed twice',
    );
    assert.deepEqual(documented.toSorted(), [...CODES]);
  });

  it('list no code that is never used', () => {
    const text = sources()
      .map(path => read(`lib/${path}`))
      .join('\n');
    assert.deepEqual(
      CODES.filter(code => !COMPOSED.includes(code) && !text.includes(`'${code}'`)),
      [],
    );
  });

  it('list every lint rule with its severity, why it matters and its remedy, and no others', () => {
    const rows = [
      ...read('docs/lint.md').matchAll(/^\| `([a-z0-9-]+)` \| (\w+) \| (.*) \| (.*) \| (.*) \|$/gm),
    ];
    const documented = rows.map(([, ...cells]) => cells);
    const rules = Object.entries(inspect.LINT_RULES).map(([code, { severity, title, why, remedy }]) => [
      code,
      severity,
      title,
      why,
      remedy,
    ]);
    const byCode = ([a = '']: string[], [b = '']: string[]): number => (a < b ? -1 : 1);
    assert.deepEqual(documented.sort(byCode), rules.sort(byCode));
  });

  it('list every group of calls with its description', () => {
    const rows = [...read('docs/composition.md').matchAll(/^\| `(@[a-z_-]+)` \| (.*) \|$/gm)];
    assert.deepEqual(
      rows.map(([, name, description]) => [name, description]),
      inspect.callGroups().map(({ name, description }) => [name, description]),
    );
  });

  it('close every code block before the next one', () => {
    for (const page of pages) {
      const fences = read(page)
        .split('\n')
        .map((text, index) => ({ text, line: index + 1 }))
        .filter(({ text }) => text.startsWith('```'));
      fences.forEach(({ text, line }, index) => {
        assert.equal(text === '```', index % 2 === 1, `${page}:${line}`);
      });
      assert.equal(fences.length % 2, 0, page);
    }
  });

  it('link to files that exist, and to headings in them', () => {
    for (const page of pages) {
      for (const [, target = '', anchor] of read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)) {
        const path = fileURLToPath(
          new URL(target === '' ? page : target, `file://${root}${target === '' ? '' : page}`),
        );
        assert.ok(existsSync(path), `${page} links to ${target}`);
        if (anchor !== undefined)
          assert.ok(anchorsOf(path).includes(anchor), `${page} links to ${target}#${anchor}`);
      }
    }
  });

  it('list every supported architecture, ABI and processor', () => {
    const missing = SUPPORTED.filter(
      ([page, words]) => !read(page).replaceAll('`', '').replaceAll(/\s+/g, ' ').includes(words),
    );
    assert.deepEqual(missing, []);
  });

  it('are in the index', () => {
    const index = read('docs/README.md');
    for (const page of pages) {
      const [folder, name = ''] = page.split('/');
      if (folder === 'docs' && name !== 'README.md')
        assert.ok(index.includes(`](${name})`), `docs/README.md does not have ${name}`);
    }
  });

  it('have a section for every exported function', () => {
    const overview = read('docs/api-overview.md');
    for (const [name, value] of Object.entries({ ...seccomp, ...inspect })) {
      if (name.startsWith('__NR_')) continue;
      if (typeof value !== 'function' || name.startsWith('SCMP_') || name.endsWith('Error')) continue;
      assert.match(
        overview,
        new RegExp(`\`(?:new )?${name}\\(`),
        `docs/api-overview.md says nothing of ${name}`,
      );
    }
  });

  it('name the entry point of each function', () => {
    const entries: Readonly<Record<string, object>> = { seccomp, 'seccomp/inspect': inspect };
    for (const section of read('docs/api-overview.md').split(/^# /m).slice(1)) {
      const [entry = ''] = section.split('\n', 1);
      const exported = entries[entry];
      if (exported === undefined) continue;
      let from = '';
      for (const block of section.split('\n\n')) {
        // The block before a table names its entry point.
        if (!block.startsWith('|')) from = block;
        for (const [, name = ''] of block.matchAll(/`(\w+)\(/g))
          for (const [other, names] of Object.entries(entries))
            if (Object.hasOwn(names, name) && !Object.hasOwn(exported, name))
              assert.match(from, new RegExp(`from \`${other}\``, 'i'), `${name} is exported by ${other}`);
      }
    }
  });

  it('name every option of the command line', () => {
    const page = read('docs/cli.md');
    for (const path of readdirSync(`${root}lib/cli`, { recursive: true, encoding: 'utf8' }).filter(name =>
      name.endsWith('.ts'),
    )) {
      for (const [, option = ''] of read(`lib/cli/${path}`).matchAll(/'(?:-\w, )?(--[a-z-]+)/g)) {
        assert.ok(
          page.includes(`\`${option}`) || page.includes(`, ${option}`),
          `docs/cli.md says nothing of ${option}`,
        );
      }
    }
  });
});
