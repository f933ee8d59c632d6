// All text of a profile remains text in the page: it adds no element, no attribute and no script.
import assert from 'node:assert/strict';
import { htmlReport } from '#lib/report/report.js';

const HOSTILE: Readonly<Record<string, string>> = {
  'the end of a script': '</script><script>alert(1)</script>',
  'an element': '<img src=x onerror=alert(1)>',
  'the end of an attribute': '" onmouseover="alert(1)" x=\'',
  'a comment that does not end': '<!--<script>',
  'the end of a style': '</style></title></code></div>',
  'an entity': '&lt;img src=x onerror=alert(1)&gt;',
  'a template': '`${alert(1)}`',
};

/** A profile with a text in every possible place. */
const profile = (text: string): string =>
  JSON.stringify(
    {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        { names: ['read', text], action: 'SCMP_ACT_ALLOW', comment: text },
        { names: ['write'], action: 'SCMP_ACT_ALLOW', includes: { caps: [text], arches: [text] } },
        { names: ['close'], action: 'SCMP_ACT_LOG', comment: `${text}\n${text}`, [text]: text },
      ],
      [text]: text,
    },
    undefined,
    2,
  );

const report = (text: string): string =>
  htmlReport(profile(text), { arch: 'x86_64', name: text, against: profile('another'), againstName: text });

/** The data for the script, and everything else. */
function parts(page: string): { readonly data: string; readonly rest: string } {
  const [, before = '', data = '', after = ''] =
    /^(.*<script type="application\/json" id="data">)(.*?)(<\/script>.*)$/s.exec(page) ?? [];
  return { data, rest: before + after };
}

/** The tags of a page with the names of their attributes, outside of styles, scripts and data. */
const skeleton = (page: string): readonly string[] =>
  [
    ...parts(page)
      .rest.replace(/(<(style|script)>).*?(?=<\/\2>)/gs, '$1')
      .matchAll(/<(?:[^>"]|"[^"]*")*>/g),
  ].map(([tag]) => tag.replace(/="[^"]*"/g, '='));

describe('the page of a hostile profile', () => {
  const harmless = skeleton(report('harmless words'));

  for (const [what, text] of Object.entries(HOSTILE)) {
    it(`has no additional element or attribute for ${what}`, () => {
      assert.deepEqual(skeleton(report(text)), harmless);
    });

    it(`keeps ${what} as data`, () => {
      const { data } = parts(report(text));
      assert.ok(!data.includes('<'));
      const { rules } = JSON.parse(data) as { rules: { comment?: string }[] };
      assert.equal(rules[0]?.comment, text);
    });
  }

  for (const [what, text, shown] of [
    ['marks that turn the direction of writing', '\u202Egnp.exe\u2066', '‹U+202E›gnp.exe‹U+2066›'],
    ['NUL', 'a\0b', 'a‹U+0000›b'],
    ['escapes of terminals', '\u001B[2J', '‹U+001B›[2J'],
    ['letters without width', 'rea\u200Bd', 'rea‹U+200B›d'],
    ['line separators', 'a\u2028b', 'a‹U+2028›b'],
    ['halves of a pair', 'a\uD800', 'a‹U+D800›'],
  ] as const) {
    it(`shows ${what} visibly`, () => {
      const page = report(text);
      assert.ok(!page.includes(text));
      assert.ok(page.includes(`<h1>${shown}</h1>`));
      assert.ok(parts(page).data.includes(shown));
    });
  }

  it('allows only its own script and style, and nothing from a network', () => {
    const page = report('harmless words');
    const [, policy = ''] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(page) ?? [];
    assert.match(
      policy,
      /^default-src &#39;none&#39;; script-src &#39;sha256-[\w+/=]+&#39;; style-src &#39;sha256-/,
    );
    assert.ok(!policy.includes('unsafe'));
    assert.doesNotMatch(page, /\b(?:src|href|action)="(?!#)/);
  });

  it('treats an unknown name of a call as text', () => {
    const page = htmlReport(profile('constructor'), { arch: 'x86_64' });
    assert.ok(page.includes('constructor'));
  });

  it('truncates a text that is too long, and reports it', () => {
    const comment = 'x'.repeat(30_000);
    const text = JSON.stringify(
      {
        defaultAction: 'SCMP_ACT_ERRNO',
        syscalls: Array.from({ length: 40 }, () => ({ names: ['read'], action: 'SCMP_ACT_ALLOW', comment })),
      },
      undefined,
      1,
    );
    assert.match(htmlReport(text, { arch: 'x86_64' }), /\d+ more lines not shown/);
  });
});
