import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { responseOf, type Problem } from './api/client.js';
import type { Action, Invitation, InvitationPage, Stats, Status } from './api/schema.js';
import { InvitationElement, STATE } from './element.js';
import { readCsv, save, type Filter } from './manager/exporting.js';
import { PERIODS, lastDays, renderPeriod, renderTotals } from './manager/numbers.js';
import { initials, sentBy } from './names.js';
import { managerStyles, numbersStyles, tablistStyles } from './styles/index.js';
import { renderTabs } from './tablist.js';
import { tone } from './tones.js';

/** What moderators and senders do: the verb of each action, in the order of the buttons. */
const VERBS = ['approve', 'reject', 'resend', 'cancel'] as const;
type Verb = (typeof VERBS)[number];

const FINAL: Status[] = ['accepted', 'declined', 'expired', 'cancelled', 'rejected'];
const STATES: Record<string, Status[]> = { requests: ['awaiting_approval'], pending: ['pending'], answered: FINAL };
const ALL: Status[] = ['awaiting_approval', 'pending', ...FINAL];
const VIEWS = ['requests', 'pending', 'answered', 'numbers'] as const;
type View = (typeof VIEWS)[number];

/** How long after a key is pressed the list is searched, in milliseconds. */
const PAUSE = 250;
/** How far the counts lag behind the lists, in milliseconds. */
const LAG = 1_500;
/** How many actions run at the same time. */
const ABREAST = 4;
/** The longest reason for a rejection. */
const LONGEST_REASON = 500;

/** How far something is that takes its time. */
interface Progress {
  done: number;
  /** Missing where nobody knows. */
  all?: number;
}

/** What is asked before it is done. */
interface Question {
  verb: 'cancel' | 'reject';
  invitations: Invitation[];
}

/**
 * All invitations of a community, for those who moderate it: to approve, to follow, to withdraw, and as numbers.
 *
 * @element invitation-manager
 * @fires invitation-before-action - Before each action; `preventDefault()` stops it.
 * @fires invitation-action - After each action.
 * @slot heading - In place of the heading.
 * @slot empty - What is shown where a list is empty.
 * @csspart tabs - The tabs.
 * @csspart list - The list.
 * @csspart bulk - What is done with all that are selected.
 * @csspart numbers - The numbers.
 * @csspart save - The button that saves a list as CSV.
 */
export class InvitationManager extends InvitationElement {
  static override properties: PropertyDeclarations = {
    communityId: { attribute: 'community-id' },
    _stats: STATE,
    _view: STATE,
    _days: STATE,
    _status: STATE,
    _query: STATE,
    _page: STATE,
    _reading: STATE,
    _selected: STATE,
    _question: STATE,
    _working: STATE,
    _saving: STATE,
  };

  static override styles = [...InvitationElement.styles, tablistStyles, managerStyles, numbersStyles];

  /** The community to manage. */
  communityId = '';

  private _stats?: Stats;
  private _view: View = 'requests';
  private _days = 30;
  private _status: Status = 'accepted';
  private _query = '';
  private _page?: InvitationPage;
  private _reading = false;
  private _selected = new Set<string>();
  private _question?: Question;
  private _working?: Progress;
  private _saving?: Progress;
  /** What has come of actions, by invitation. */
  private _notes = new Map<string, Problem | 'resent'>();
  /** What a screen reader says of the last one that was dealt with. */
  private _said = '';
  #opened = false;
  #counting?: Promise<Stats>;
  #latest?: AbortController;
  #pause?: ReturnType<typeof setTimeout>;

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('invitation-send', this._sent);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('invitation-send', this._sent);
    clearTimeout(this.#pause);
    this.#latest?.abort();
  }

  private readonly _sent = (): void => void this.refresh();

  protected override forget(): void {
    super.forget();
    this._stats = this._page = this._question = this._working = undefined;
    this._selected.clear();
    this._notes.clear();
    clearTimeout(this.#pause);
    this._query = this._said = '';
    this._view = 'requests';
    this.#opened = false;
  }

  protected override async load(): Promise<void> {
    await Promise.all([this._count(), this._read()]);
    // It opens at what waits for the moderator. The list knows at once what the counts hear of later, and may be gone again:
    // somebody else has signed in meanwhile.
    if (this._view === 'requests' && !this.#opened && this._page?.invitations.length === 0) {
      this._view = 'pending';
      await this._read();
    }
    this.#opened = true;
  }

  private async _count(): Promise<void> {
    const query = this._view === 'numbers' ? lastDays(this._days) : {};
    const params = { path: { communityId: this.communityId }, query };
    const counting = (this.#counting = responseOf(this.api.GET('/communities/{communityId}/invitations/stats', { params })));
    const stats = await counting;
    // What was asked last counts, not what comes back last.
    if (counting === this.#counting) this._stats = stats;
  }

  /** What the list on show is narrowed to. */
  private get _filter(): Filter {
    if (this._view === 'numbers') return {};
    const q = this._query.trim();
    return { status: this._view === 'answered' ? this._status : STATES[this._view]![0]!, ...(q ? { q } : {}) };
  }

  private async _read(cursor?: string): Promise<void> {
    if (this._view === 'numbers') return;
    this.#latest?.abort();
    const { signal } = (this.#latest = new AbortController());
    const query = { ...this._filter, limit: 25, ...(cursor ? { cursor } : {}) };
    this._reading = true;
    try {
      const params = { path: { communityId: this.communityId }, query };
      const page = await responseOf(this.api.GET('/communities/{communityId}/invitations', { params, signal }));
      const before = cursor ? this._page!.invitations : [];
      this._page = { ...page, invitations: [...before, ...page.invitations] };
    } finally {
      if (this.#latest.signal === signal) this._reading = false;
    }
  }

  private _turn(change: () => void): void {
    this.#latest?.abort();
    change();
    this._page = undefined;
    this._selected = new Set();
    this._notes = new Map();
    this._question = undefined;
    this._said = '';
    void this.attempt(() => (this._view === 'numbers' ? this._count() : this._read()));
  }

  private _search(event: InputEvent): void {
    this._query = (event.target as HTMLInputElement).value;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this._turn(() => {}), PAUSE);
  }

  private _counted(status: Status): number {
    return (this._stats!.counts as Record<Status, number>)[status];
  }

  /** Saves what the list on show holds, all pages of it. */
  private async _save(): Promise<void> {
    if (this._saving) return;
    const filter = this._filter;
    const states = filter.status ? [filter.status] : ALL;
    const all = filter.q ? undefined : states.reduce((sum, one) => sum + this._counted(one), 0);
    this._saving = { done: 0, all };
    await this.attempt(async () => {
      const heard = (rows: number) => (this._saving = { done: Math.min(rows, all ?? rows), all });
      save(await readCsv(this.api, this.communityId, filter, heard), `invitations-${lastDays(1).to}.csv`);
    });
    this._saving = undefined;
  }

  // What can be done.

  private _offers(invitation: Invitation, verb: Verb) {
    return invitation.actions.find(({ id }) => id === (`${verb.toUpperCase()}_COMMUNITY_INVITATION` as Action));
  }

  private get _chosen(): Invitation[] {
    return this._page?.invitations.filter(({ id }) => this._selected.has(id)) ?? [];
  }

  private async _do(verb: Verb, invitations: Invitation[]): Promise<void> {
    if (this._working) return;
    const able = invitations.filter((invitation) => this._offers(invitation, verb));
    if (verb === 'cancel' || verb === 'reject') {
      this._question = { verb, invitations: able };
      await this.focusOn('.question [autofocus]');
    } else await this._carryOut(verb, able);
  }

  private async _confirm(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this._working) return;
    const { verb, invitations } = this._question!;
    const reason = new FormData(event.target as HTMLFormElement).get('reason')?.toString().trim();
    this._question = undefined;
    await this._carryOut(verb, invitations, reason ? { reason } : {});
  }

  /** Does the same with all, a few at a time. One that fails stops none of the others. */
  private async _carryOut(verb: Verb, invitations: Invitation[], body = {}): Promise<void> {
    const from = this.shadowRoot!.activeElement;
    const working = (this._working = { done: 0, all: invitations.length });
    this._said = '';
    const queue = [...invitations];
    const work = async () => {
      // Until somebody else is here.
      for (let next = queue.shift(); next && working === this._working; next = queue.shift()) {
        await this._carryOutOne(verb, next, body);
        working.done++;
        this.requestUpdate();
      }
    };
    await Promise.all(Array.from({ length: ABREAST }, work));
    if (working !== this._working) return;
    this._working = undefined;
    await this._return(from, invitations);
    this._selected = new Set([...this._selected].filter((id) => this._notes.has(id)));
    await new Promise((wait) => setTimeout(wait, LAG));
    await this.attempt(() => this._count());
  }

  private async _carryOutOne(verb: Verb, invitation: Invitation, body: object): Promise<void> {
    this._notes.delete(invitation.id);
    try {
      const changed = await this.act(invitation, this._offers(invitation, verb)!, body);
      if (!changed) return;
      if (verb === 'resend') this._notes.set(changed.id, 'resent');
      else this._said = this.words.status(changed.status);
      if (this._page) this._page.invitations = this._page.invitations.map((one) => (one.id === changed.id ? changed : one));
    } catch (error) {
      const problem = this.asProblem(error);
      if (problem) this._notes.set(invitation.id, problem);
    }
  }

  /** Brings the keyboard back to what was dealt with, if what it was at is gone. */
  private async _return(from: Element | null, invitations: Invitation[]): Promise<void> {
    await this.updateComplete;
    if (from?.isConnected === false && document.activeElement === document.body) await this.focusOn(invitations[1] ? '.check input' : `#i${invitations[0]?.id}`);
  }

  // What is seen.

  protected override content(): unknown {
    const { words, _stats: stats } = this;
    if (!stats) return this.renderWaiting();
    const tabs = VIEWS.map((id) => ({
      id,
      label: words.say(id),
      count: id in STATES ? words.number(STATES[id]!.reduce((sum, one) => sum + this._counted(one), 0)) : undefined,
    }));
    return html`<section class="panel stack" aria-labelledby="heading">
      <slot name="heading"><h2 id="heading">${words.say('manage')}</h2></slot>
      ${renderTabs(words.say('manage'), tabs, this._view, (id) => this._turn(() => (this._view = id as View)))}
      <div class="stack" id="panel" role="tabpanel" aria-labelledby="tab-${this._view}">
        ${this._view === 'numbers' ? this._renderNumbers(stats) : this._renderList()}
        ${this.renderProblem(this.problem, () => this.refresh())}
        <p class="hidden" role="status">${this._said}</p>
      </div>
    </section>`;
  }

  private _renderList(): TemplateResult {
    const { words, _page: page } = this;
    return html`
      <div class="tools">
        <input class="field" type="search" aria-label=${words.say('search')} placeholder=${words.say('search')} .value=${this._query} @input=${this._search} />
        ${this._renderSave()} ${this._view === 'answered' ? this._renderFilter() : nothing}
      </div>
      ${page?.invitations.length ? this._renderBulk(page.invitations) : nothing}
      ${this._question ? this._renderQuestion(this._question) : nothing}
      ${!page
        ? this.problem ? nothing : this.renderSkeleton(3)
        : page.invitations.length
          ? html`<ul class="list" part="list">${page.invitations.map((one) => this._renderRow(one))}</ul>`
          : this.renderEmpty()}
      ${page?.nextCursor
        ? this.renderMore(this._reading, () => this.attempt(() => this._read(page.nextCursor)))
        : nothing}
    `;
  }

  private _renderFilter(): TemplateResult {
    const { words } = this;
    return html`<div class="row filter" role="group" aria-label=${words.say('state')}>
      ${FINAL.map(
        (status) => html`<button class="button small" aria-pressed=${status === this._status} @click=${() => this._turn(() => (this._status = status))}>
          ${words.status(status)} <span class="muted">${words.number(this._counted(status))}</span>
        </button>`,
      )}
    </div>`;
  }

  private _renderBulk(invitations: Invitation[]): unknown {
    const { words } = this;
    const able = invitations.filter(({ actions }) => actions.length);
    if (!able.length) return nothing;
    const chosen = this._chosen;
    const verbs = VERBS.filter((verb) => chosen.some((one) => this._offers(one, verb)));
    const all = chosen.length === able.length;
    const toggle = () => (this._selected = new Set(all ? [] : able.map(({ id }) => id)));
    return html`<div class="bulk" part="bulk">
      <label class="check">
        <input type="checkbox" .checked=${all} .indeterminate=${!all && chosen.length > 0} @change=${toggle} />
        ${chosen.length ? words.say('selected', { n: chosen.length }) : words.say('selectAll')}
      </label>
      <div class="row">
        ${this._working
          ? this._renderProgress(this._working)
          : verbs.map((verb) => this._renderButton(verb, chosen))}
      </div>
    </div>`;
  }

  private _renderProgress({ done, all }: Progress): TemplateResult {
    const { words } = this;
    return html`<div class="row">
      <progress max=${all || nothing} value=${all ? done : nothing} aria-label=${words.say('loading')}></progress>
      <span class="muted" role="status">${words.number(done)}</span>
    </div>`;
  }

  private _renderSave(): TemplateResult {
    return this._saving
      ? this._renderProgress(this._saving)
      : html`<button class="button" part="save" @click=${this._save}>${this.words.say('save')}</button>`;
  }

  private _renderButton(verb: Verb, invitations: Invitation[], name?: string): TemplateResult {
    const kind = verb === 'approve' ? 'primary' : verb === 'reject' || verb === 'cancel' ? 'bad' : '';
    const label = this.words.say(verb);
    return html`<button
      class="button small ${kind}"
      aria-label=${name ? `${label}, ${name}` : nothing}
      aria-disabled=${!!this._working}
      @click=${() => this._do(verb, invitations)}
    >
      ${label}
    </button>`;
  }

  private _renderQuestion({ verb, invitations }: Question): TemplateResult {
    const { words } = this;
    const n = invitations.length;
    const back = () => {
      const from = this.shadowRoot!.activeElement;
      this._question = undefined;
      void this._return(from, invitations);
    };
    const isBack = (event: KeyboardEvent) => event.key === 'Escape' && back();
    return html`<form class="question stack" aria-labelledby="asked" @submit=${this._confirm} @keydown=${isBack}>
      ${verb === 'reject'
        ? html`<label id="asked" for="reason">${words.say('rejectAsked')}</label>
            <input class="field" id="reason" name="reason" maxlength=${LONGEST_REASON} aria-describedby="reason-hint" autofocus />
            <p class="muted" id="reason-hint">${words.say('reasonHint')}</p>`
        : html`<p id="asked"><b>${words.say('cancelAsked', { n })}</b></p>`}
      <div class="row">
        <button class="button bad" ?autofocus=${verb === 'cancel'}>${words.say(verb)}</button>
        <button class="button" type="button" @click=${back}>${words.say('back')}</button>
      </div>
    </form>`;
  }

  private _renderRow(invitation: Invitation): TemplateResult {
    const { words } = this;
    const { id, invitee, sender, status, createdAt, expiresAt, answeredAt, delivery, reason, actions } = invitation;
    const name = invitee.displayName ?? invitee.email ?? words.say('someone');
    const note = this._notes.get(id);
    const when = status === 'pending' ? words.say('expires', { when: words.away(expiresAt) }) : words.moment(answeredAt ?? createdAt);
    const toggle = () => {
      const selected = new Set(this._selected);
      if (!selected.delete(id)) selected.add(id);
      this._selected = selected;
    };
    return html`<li class="item" id="i${id}" tabindex="-1">
      ${actions.length
        ? html`<label class="check"
            ><input type="checkbox" aria-label=${words.say('select', { name })} .checked=${this._selected.has(id)} @change=${toggle}
          /></label>`
        : html`<span class="check"></span>`}
      <span class="avatar round" aria-hidden="true">${initials(name)}</span>
      <div class="who">
        <b class="wrap"><bdi>${name}</bdi></b>
        <p class="muted">
          ${words.show('sentBy', { sender: sentBy(words, sender), when })}
          ${reason ? html`<br />${words.say('why', { reason })}` : nothing}
        </p>
      </div>
      <div class="row marks">
        <span class="tag ${tone(status)}">${words.status(status)}</span>
        ${delivery ? html`<span class="tag ${tone(delivery.state)}" title=${words.moment(delivery.at, 'short')}>${words.delivery(delivery.state)}</span>` : nothing}
      </div>
      <div class="row does">
        ${VERBS.filter((verb) => this._offers(invitation, verb)).map((verb) => this._renderButton(verb, [invitation], name))}
      </div>
      ${note
        ? html`<p class="said ${note === 'resent' ? 'good' : 'bad'}" role="status">${note === 'resent' ? words.say('resent') : words.problem(note.code)}</p>`
        : nothing}
    </li>`;
  }

  private _renderNumbers(stats: Stats): TemplateResult {
    const { words } = this;
    return html`<div class="stack" part="numbers">
      ${renderTotals(words, stats, ALL)}
      <div class="row between">
        <h3 id="by-day">${words.say('byDay')}</h3>
        <div class="row filter" role="group" aria-labelledby="by-day">
          ${PERIODS.map(
            (days) => html`<button class="button small" aria-pressed=${days === stats.period?.days.length} @click=${() => this._turn(() => (this._days = days))}>
              ${words.number(days, { style: 'unit', unit: 'day', unitDisplay: 'long' })}
            </button>`,
          )}
        </div>
      </div>
      ${stats.period ? renderPeriod(words, stats.period) : this.renderSkeleton()}
      <div>${this._renderSave()}</div>
    </div>`;
  }
}
