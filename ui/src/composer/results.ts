/** What has come of each recipient. */
import { html, nothing, type TemplateResult } from 'lit';
import { tone } from '../tones.js';
import type { Words } from '../words.js';
import { isFine, isAlreadyIn, isRefused, reasonOf } from './recipients.js';
import type { Result } from './sending.js';

/** What needs attention comes first. Why, and until when, stands on each of them, in the box. */
export function renderResults(words: Words, results: Result[], names: Record<string, string>, close: () => void): TemplateResult {
  const failed = results.filter(isRefused).length;
  const row = (result: Result) => html`<li class="entry">
    <bdi>${names[result.recipient] ?? result.recipient}</bdi>
    <span class="tag ${tone(result.outcome)}">${reasonOf(words, result)}</span>
  </li>`;
  const fold = (kind: string, key: 'already' | 'done', rows: Result[]) =>
    rows.length
      ? html`<details class="note ${kind}">
          <summary>${words.say(key, { n: rows.length })}</summary>
          <ul class="rows" tabindex=${rows.length > 5 ? 0 : nothing} role="list">${rows.map(row)}</ul>
        </details>`
      : nothing;
  return html`<div class="results stack" part="results" tabindex="-1">
    ${failed
      ? html`<p class="note bad"><span><b>${words.say('failed', { n: failed })}</b> ${words.say('failedHint')}</span></p>`
      : nothing}
    ${fold('', 'already', results.filter(isAlreadyIn))} ${fold('good', 'done', results.filter(isFine))}
    <div>
      <button class="button small" @click=${close}>${words.say('close')}</button>
    </div>
  </div>`;
}
