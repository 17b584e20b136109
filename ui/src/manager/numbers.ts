/** A community's invitations as numbers: those of all time by state, and those of a period by day and by sender. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Stats, Status } from '../api/schema.js';
import { sentBy } from '../names.js';
import { tone } from '../tones.js';
import type { Words } from '../words.js';

type Period = NonNullable<Stats['period']>;
type Figures = Omit<Period['days'][number], 'date'>;

/** The periods to choose from, in days. */
export const PERIODS = [7, 30, 90];
const DAY = 86_400_000;
/** How high the plots of days are drawn; the browser stretches them. */
const HEIGHT = 40;

/** So many days up to today, as the API counts them: by UTC. */
export function lastDays(days: number): { from: string; to: string } {
  const day = (ago: number) => new Date(Date.now() - ago * DAY).toISOString().slice(0, 10);
  return { from: day(days - 1), to: day(0) };
}

const figure = (value: string, label: string, plot: unknown = nothing) =>
  html`<div class="figure"><dt class="muted">${label}</dt><dd>${value}</dd>${plot}</div>`;

const bar = (share: number, kind = '') =>
  html`<svg width="100%" height="16" aria-hidden="true"><rect class=${kind} width="${share * 100}%" height="16" rx="4" /></svg>`;

const time = (words: Words, seconds?: number | null) => (seconds == null ? '–' : words.duration(seconds));

/** Bars that carry their own words and numbers, and the same as a table: no colour is needed to read either. */
export function renderTotals(words: Words, { counts, acceptanceRate, medianAnswerSeconds }: Stats, states: Status[]): TemplateResult {
  const rows = states.map((status) => [status, (counts as Record<Status, number>)[status]] as const);
  const sum = rows.reduce((all, [, n]) => all + n, 0);
  const most = Math.max(1, ...rows.map(([, n]) => n));
  const percent = (share: number) => words.number(share, { style: 'percent', maximumFractionDigits: 0 });
  return html`<dl class="figures">
      ${figure(words.number(sum), words.say('sum'))}
      ${figure(acceptanceRate == null ? '–' : percent(acceptanceRate), words.say('acceptance'))}
      ${figure(time(words, medianAnswerSeconds), words.say('answerTime'))}
    </dl>
    <table aria-label=${words.say('numbers')}>
      ${rows.map(
        ([status, n]) => html`<tr>
          <th scope="row">${words.status(status)}</th>
          <td class="bar">${bar(n / most, tone(status))}</td>
          <td>${words.number(n)}</td>
          <td class="muted">${sum ? percent(n / sum) : '–'}</td>
        </tr>`,
      )}
    </table>`;
}

/** A plot for each figure, all of one scale, so that no colour has to tell them apart; and the same as tables. */
export function renderPeriod(words: Words, { from, to, days, senders, sendersFrom }: Period): TemplateResult {
  const labels = {
    sent: words.say('sent'),
    delivered: words.delivery('delivered'),
    bounced: words.delivery('bounced'),
    answered: words.say('answered'),
    accepted: words.status('accepted'),
  };
  const keys = Object.keys(labels) as (keyof typeof labels)[];
  const highest = Math.max(1, ...days.flatMap((day) => keys.map((key) => day[key])));
  const plot = (key: (typeof keys)[number]) => {
    const columns = days.map((day, at) => `M${at + 0.1} ${HEIGHT}v${(-day[key] / highest) * HEIGHT}h.8V${HEIGHT}`);
    return html`<dd class="plot muted" aria-hidden="true">
      <span>${words.number(highest)}</span>
      <svg viewBox="0 0 ${days.length} ${HEIGHT}" preserveAspectRatio="none"><path d=${columns.join('')} /></svg>
      <span>${words.day(from)}</span><span>${words.day(to)}</span>
    </dd>`;
  };
  const table = (label: string, rows: [name: unknown, figures: Figures][]) => html`<div class="scroll" role="region" aria-labelledby=${label} tabindex="0">
    <table>
      <thead>
        <tr>
          <td></td>
          ${keys.map((key) => html`<th scope="col">${labels[key]}</th>`)}
          <th scope="col">${words.say('answerTime')}</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([name, figures]) => html`<tr>
            <th scope="row">${name}</th>
            ${keys.map((key) => html`<td>${words.number(figures[key])}</td>`)}
            <td>${time(words, figures.medianAnswerSeconds)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
  const most = Math.max(1, ...senders.map(({ sent }) => sent));
  return html`<dl class="figures">
      ${keys.map((key) => figure(words.number(days.reduce((sum, day) => sum + day[key], 0)), labels[key], plot(key)))}
    </dl>
    ${table('by-day', days.map((day) => [words.day(day.date), day] as [unknown, Figures]).reverse())}
    ${senders.length
      ? html`<h3><span id="by-sender">${words.say('bySender')}</span> <span class="muted">${words.day(sendersFrom ?? from)} – ${words.day(to)}</span></h3>
          ${table(
            'by-sender',
            senders.map((one) => [
              html`${sentBy(words, one.sender)}${bar(one.sent / most)}`,
              one,
            ]),
          )}`
      : nothing}`;
}
