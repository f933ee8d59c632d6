// The script of a report.
import { byId, searchByKey, showFilter } from './view.js';

document.documentElement.classList.add('scripting');
const view = showFilter(JSON.parse(byId('data').textContent));
searchByKey();

function openLinked() {
  const link = new URLSearchParams(document.location.hash.slice(1)).get('call');
  if (link !== null) view.open(link);
}
globalThis.addEventListener('hashchange', openLinked);
openLinked();
