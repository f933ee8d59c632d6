// Finds broken links between the pages of the unpacked package: to a file that does not ship, or to a missing heading.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { filesUnder } from './files.mjs';

/** The anchors of a page's headings, as GitHub generates them. */
const anchorsOf = text =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** The broken links of all pages under a folder, as `page: target`. */
export function brokenLinks(folder) {
  const pages = filesUnder(folder).filter(path => path.endsWith('.md'));
  return pages.flatMap(page => {
    const text = readFileSync(join(folder, page), 'utf8').replaceAll(/^```[^]*?^```$/gm, '');
    return [...text.matchAll(/\]\((?![a-z]+:)([^)#]*)(?:#([^)]*))?\)/g)]
      .filter(([, target, anchor]) => {
        const path = target === '' ? join(folder, page) : join(folder, dirname(page), target);
        if (relative(folder, path).startsWith('..') || !existsSync(path)) return true;
        return anchor !== undefined && !anchorsOf(readFileSync(path, 'utf8')).includes(anchor);
      })
      .map(([, target, anchor]) => `${page}: ${target}${anchor === undefined ? '' : `#${anchor}`}`);
  });
}
