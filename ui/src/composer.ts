import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { entries, entriesOfRows, keyOf, trim, type Entry } from './addresses.js';
import { Problem, answerOf } from './api/client.js';
import type { CommunityOptions, Outcome, Person } from './api/schema.js';
import { initials } from './card.js';
import { InvitationElement, STATE } from './element.js';
import { alert, cross } from './icons.js';
import { mailBody } from './mail.js';
import { segments } from './message.js';
import { Shelf, jobOf, restOf, resultsOf, send, sizeOf, type Job, type Result } from './sending.js';
import { composerStyles } from './styles/composer.js';
import { renderTabs, tablistStyles } from './tablist.js';
import { callerOf } from './tabs.js';
import { tone } from './tones.js';

/** Someone to invite, or text that is to become someone. */
interface Recipient {
  text: string;
  /** A person from the list. */
  userId?: string;
  /** Whether it is an address, if it is no person. */
  valid: boolean;
  /** What the API has said of them. */
  refused?: Result;
}

/** Why a recipient cannot be sent as it is. */
type Fault = Pick<Result, 'outcome' | 'until'> | undefined;

/** How many recipients are shown while nothing is wrong with them. */
const SHOWN = 40;
/** How long after a key is pressed people are searched for, and mails are shown, in milliseconds. */
const PAUSE = 150;
const PREVIEW_PAUSE = 600;
/** Outcomes that need nobody's attention. */
const FINE: Outcome[] = ['invited', 'joined', 'awaiting_approval'];
/** Outcomes of people who cannot be invited and need not be. */
const SETTLED: Outcome[] = ['already_member', 'already_invited', 'duplicate'];

/**
 * Invites any number of people at once: by name, by address, as a pasted list or a dropped file.
 *
 * @element invitation-composer
 * @fires invitation-before-send - Before anything is sent; `preventDefault()` stops it. `detail` has `userIds`, `emails` and the `message`.
 * @fires invitation-send - All is sent; `detail` has the `results`, one for each recipient.
 * @slot heading - In place of the heading.
 * @slot forbidden - What is shown to whoever may not invite.
 * @csspart form - The form.
 * @csspart box - The box with the recipients.
 * @csspart send - The button that sends.
 * @csspart results - What has come of each recipient.
 * @csspart preview - The mail.
 */
export class InvitationComposer extends InvitationElement {
  static override properties: PropertyDeclarations = {
    communityId: { attribute: 'community-id' },
    _options: STATE,
    _recipients: STATE,
    _all: STATE,
    _text: STATE,
    _people: STATE,
    _active: STATE,
    _dropping: STATE,
    _message: STATE,
    _mail: STATE,
    _view: STATE,
    _previewProblem: STATE,
    _job: STATE,
    _running: STATE,
    _results: STATE,
    _names: STATE,
    _said: STATE,
  };

  static override styles = [...InvitationElement.styles, tablistStyles, composerStyles];

  /** The community to invite to. */
  communityId = '';

  protected override readonly reloads = ['apiUrl', 'getToken', 'communityId'];

  private _options?: CommunityOptions;
  private _recipients: Recipient[] = [];
  private _all = false;
  private _text = '';
  private _people: Person[] = [];
  private _active = -1;
  private _dropping = false;
  private _message?: string;
  private _mail?: { subject: string; text: string; html: string };
  private _view = 'html';
  private _previewProblem?: Problem;
  private _job?: Job;
  private _running = false;
  private _results?: Result[];
  private _names: Record<string, string> = {};
  private _said = '';

  #shelf?: Shelf;
  #search?: AbortController;
  #pause?: ReturnType<typeof setTimeout>;
  #previewPause?: ReturnType<typeof setTimeout>;

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener('online', this._goOn);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('online', this._goOn);
    this.#search?.abort();
    clearTimeout(this.#pause);
    clearTimeout(this.#previewPause);
  }

  protected override forget(): void {
    super.forget();
    this._options = this._job = this._results = this._message = this._mail = undefined;
    this._recipients = this._people = [];
    this._text = '';
    this._running = false;
  }

  protected override async load(): Promise<void> {
    const { communityId } = this;
    this._options = await answerOf(
      this.api.GET('/communities/{communityId}/options', { params: { path: { communityId } } }),
    );
    const caller = callerOf(await this.getToken!());
    this.#shelf = new Shelf(`invitations ${this.apiUrl} ${communityId} ${caller}`);
    const job = this.#shelf.take();
    if (job && !this._running) {
      this._job = job;
      void this._run();
    }
  }

  // The recipients.

  /** Adds what has been typed or pasted. What cannot be read stays, as an entry that says so. */
  private _add(found: Entry[], added = found.length): void {
    if (!found.length) return;
    this._recipients = [...this._recipients, ...found];
    this._say(added);
  }

  private _say(added: number): void {
    const wrong = this._review().filter(Boolean).length;
    const { words } = this;
    this._said = words.say('added', { n: added }) + (wrong ? ` ${words.say('attention', { n: wrong })}` : '');
  }

  private _commit(): void {
    this._add(entries(this._text));
    this._type('');
  }

  private _pick(person: Person): void {
    if (person.reason) return;
    this._recipients = [...this._recipients, { text: person.displayName, userId: person.userId, valid: true }];
    this._say(1);
    this._type('');
  }

  /** Removes recipients, and keeps the keyboard where it was. */
  private async _remove(index: number): Promise<void> {
    this._recipients = this._recipients.filter((_, at) => at !== index);
    await this._focusChip(Math.min(index, this._recipients.length - 1));
  }

  /** Takes a recipient back into the box, to be written anew. */
  private async _edit(index: number): Promise<void> {
    const { text } = this._recipients[index]!;
    const unfinished = this._text;
    this._recipients = this._recipients.filter((_, at) => at !== index);
    if (unfinished) this._add(entries(unfinished));
    this._type(text);
    await this.updateComplete;
    this._input.focus();
    this._input.select();
  }

  /** What is wrong with each recipient: it is asked anew with every change, for removing one may set another right. */
  private _review(recipients = this._recipients): Fault[] {
    const options = this._options!;
    const seen = new Set<string>();
    let good = 0;
    return recipients.map(({ text, userId, valid, refused }) => {
      const key = userId ? `user ${userId}` : keyOf(text);
      const fault = ((): Outcome | undefined => {
        if (!valid) return 'invalid_email';
        if (refused) return refused.outcome;
        if (seen.has(key)) return 'duplicate';
        if (!userId && !options.addressesAllowed) return 'not_connected';
        return good >= options.quota.left ? 'over_quota' : undefined;
      })();
      seen.add(key);
      if (!fault) good++;
      const until = fault === 'over_quota' ? Date.parse(options.quota.renewsAt) : undefined;
      return fault && { outcome: fault, until: refused?.until ?? until };
    });
  }

  private _reason({ outcome, until }: NonNullable<Fault>): string {
    const { words } = this;
    return words.outcome(outcome) + (until ? ` (${words.say('until', { date: words.moment(until, 'short') })})` : '');
  }

  // The box: a combobox of the ARIA practices.

  private get _input(): HTMLInputElement {
    return this.renderRoot.querySelector('#input')!;
  }

  private _type(text: string): void {
    this._text = text;
    this._people = [];
    this._active = -1;
    clearTimeout(this.#pause);
    this.#search?.abort();
    const typed = trim(text);
    if (typed && !typed.includes('@') && this._options!.peopleSearch !== 'off') {
      this.#pause = setTimeout(() => void this._find(typed), PAUSE);
    }
  }

  private async _find(q: string): Promise<void> {
    this.#search = new AbortController();
    const { signal } = this.#search;
    const params = { path: { communityId: this.communityId }, query: { q } };
    await this.attempt(async () => {
      const { people } = await answerOf(this.api.GET('/communities/{communityId}/people', { params, signal }));
      const chosen = new Set(this._recipients.map(({ userId }) => userId));
      this._people = people.filter(({ userId }) => !chosen.has(userId));
      this._active = this._people.findIndex(({ reason }) => !reason);
      this._said = this.words.say('found', { n: this._people.length });
    });
  }

  private _typed(event: InputEvent): void {
    const { value } = event.target as HTMLInputElement;
    this._type(value);
    if (/[,;،؛，、；]\s*$/.test(value) && value.includes('@')) this._commit();
  }

  private _pressed(event: KeyboardEvent): void {
    const { key } = event;
    if (event.isComposing) return;
    const open = this._people.length > 0;
    const { selectionStart, selectionEnd } = this._input;
    if (open && (key === 'ArrowDown' || key === 'ArrowUp')) {
      const step = key === 'ArrowDown' ? 1 : -1;
      this._active = (this._active + step + this._people.length) % this._people.length;
    } else if (open && key === 'Escape') {
      this._people = [];
    } else if (key === 'Enter') {
      if (this._active >= 0) this._pick(this._people[this._active]!);
      else this._commit();
    } else if ((key === 'Backspace' || key === this._back) && !selectionStart && !selectionEnd) {
      void this._focusChip(this._recipients.length - 1);
    } else return;
    event.preventDefault();
  }

  private get _back(): string {
    return this.words.direction === 'rtl' ? 'ArrowRight' : 'ArrowLeft';
  }

  private _pressedOnChip(event: KeyboardEvent, index: number): void {
    const steps: Record<string, number> = { ArrowLeft: 1, ArrowRight: 1, [this._back]: -1 };
    const step = steps[event.key];
    if (event.key === 'Delete' || event.key === 'Backspace') void this._remove(index);
    else if (step) void this._focusChip(index + step, step);
    else return;
    event.preventDefault();
  }

  /** Moves on to a recipient that is shown; behind the last one is the input. */
  private async _focusChip(index: number, step = 1): Promise<void> {
    await this.updateComplete;
    const chips = [...this.renderRoot.querySelectorAll<HTMLElement>('.chip')];
    const at = chips.findIndex((chip) => Number(chip.dataset.index) >= index);
    const chip = step < 0 ? chips.findLast((one) => Number(one.dataset.index) <= index) : chips[at];
    (chip?.querySelector('button') ?? this._input).focus();
  }

  private _pasted(event: ClipboardEvent): void {
    const pasted = event.clipboardData?.getData('text/plain') ?? '';
    const { value, selectionStart, selectionEnd } = this._input;
    const found = entries(value.slice(0, selectionStart!) + pasted + value.slice(selectionEnd!));
    if (found.length < 2 && !found[0]?.valid && !/[\n\r]/.test(pasted)) return; // a name, or a part of one
    event.preventDefault();
    this._add(found);
    this._type('');
  }

  private async _take(files?: FileList | null): Promise<void> {
    this._dropping = false;
    for (const file of files ?? []) {
      const bytes = await file.arrayBuffer();
      const [first, second] = new Uint8Array(bytes);
      const encoding = first === 0xff && second === 0xfe ? 'utf-16le' : 'utf-8';
      this._add(entriesOfRows(new TextDecoder(encoding).decode(bytes)));
    }
  }

  private async _dropped(event: DragEvent): Promise<void> {
    event.preventDefault();
    const { files } = event.dataTransfer!;
    if (files.length) return this._take(files);
    this._dropping = false;
    this._add(entries(event.dataTransfer!.getData('text/plain')));
  }

  // The message.

  private get _written(): string {
    return this._message ?? this._options!.defaultMessage;
  }

  private get _unknown(): string[] {
    const tokens = segments(this._written, this._options!.messageTokens);
    return tokens.filter(({ token }) => token === 'unknown').map(({ text }) => text);
  }

  private get _tooLong(): boolean {
    return [...this._written].length > this._options!.limits.messageCharacters;
  }

  /** The message to send: none where it is still the default, which every reader gets in their own language. */
  private get _own(): string | undefined {
    const own = this._message;
    return own === undefined || own === this._options!.defaultMessage || !own.trim() ? undefined : own;
  }

  private _write(message: string): void {
    this._message = message;
    if (this.renderRoot.querySelector<HTMLDetailsElement>('.preview')!.open) this._previewSoon(PREVIEW_PAUSE);
  }

  private _insert(token: string): void {
    const area = this.renderRoot.querySelector('textarea')!;
    area.setRangeText(token, area.selectionStart, area.selectionEnd, 'end');
    this._write(area.value);
    area.focus();
  }

  private _previewSoon(pause: number): void {
    clearTimeout(this.#previewPause);
    this.#previewPause = setTimeout(() => void this._preview(), pause);
  }

  private async _preview(): Promise<void> {
    const message = this._own;
    const first = this._recipients.find((_, index) => !this._review()[index]);
    const body = {
      ...(first?.userId ? { userIds: [first.userId] } : first ? { emails: [first.text] } : {}),
      ...(message ? { message } : {}),
    };
    try {
      const params = { path: { communityId: this.communityId } };
      this._mail = await answerOf(this.api.POST('/communities/{communityId}/invitations/preview', { params, body }));
      this._previewProblem = undefined;
      await this.updateComplete;
      this._showMail();
    } catch (error) {
      this._previewProblem = this.asProblem(error);
    }
  }

  private _showMail(): void {
    const frame = this.renderRoot.querySelector('.mail');
    const root = frame && (frame.shadowRoot ?? frame.attachShadow({ mode: 'open' }));
    root?.replaceChildren(...mailBody(this._mail!.html));
  }

  // Sending.

  private async _send(event: Event): Promise<void> {
    event.preventDefault();
    // Text that is not committed yet counts.
    if (trim(this._text)) this._commit();
    const faults = this._review();
    const good = this._recipients.filter((_, index) => !faults[index]);
    if (!good.length || this._unknown.length || this._tooLong) {
      await this.updateComplete;
      return this.renderRoot.querySelector<HTMLElement>(good.length ? 'textarea' : '#input')?.focus();
    }
    const users = good.flatMap(({ userId, text }) => (userId ? { id: userId, name: text } : []));
    const emails = good.flatMap(({ userId, text }) => (userId ? [] : text));
    const message = this._own;
    const detail = { communityId: this.communityId, userIds: users.map(({ id }) => id), emails, message };
    if (!this.tell('invitation-before-send', detail, true)) return;
    this._job = jobOf(users, emails, this._options!.limits.recipients, message);
    this.#shelf?.put(this._job);
    this._recipients = this._recipients.filter((_, index) => faults[index]);
    this._results = undefined;
    await this._run();
  }

  private readonly _goOn = (): void => {
    if (this._job && !this._running) void this._run();
  };

  private async _run(): Promise<void> {
    const job = this._job!;
    this._running = true;
    const shelf = this.#shelf;
    const save = () => {
      shelf?.put(job);
      this.requestUpdate();
    };
    await this.attempt(() => send(job, this.api, this.communityId, save));
    // Somebody else is here now. What is not sent waits until its sender is back.
    if (job !== this._job) return;
    this._running = false;
    // What may pass is gone on with; anything else ends it, and what was not sent is in the box again.
    if (!this.problem?.passes) await this._finish();
  }

  private async _finish(): Promise<void> {
    const job = this._job!;
    const results = resultsOf(job);
    this.#shelf?.put();
    this._job = undefined;
    this._names = { ...this._names, ...job.names };
    const again = results.filter(({ outcome }) => !FINE.includes(outcome) && !SETTLED.includes(outcome));
    const recipient = (id: string): Recipient =>
      id in job.names ? { text: job.names[id]!, userId: id, valid: true } : { text: id, valid: true };
    this._recipients = [
      ...this._recipients,
      ...again.map((refused) => ({ ...recipient(refused.recipient), refused, valid: refused.outcome !== 'invalid_email' })),
      ...restOf(job).flatMap(({ userIds, emails }) => [...userIds, ...emails].map(recipient)),
    ];
    if (results.length) {
      this._results = results;
      this.tell('invitation-send', { communityId: this.communityId, results });
      await this.updateComplete;
      this.renderRoot.querySelector<HTMLElement>('.results')?.focus();
    }
    const { problem } = this;
    await this.refresh();
    this.problem ??= problem;
  }

  // What is seen.

  protected override content(): unknown {
    const { words, _options: options } = this;
    if (!options) return this.problem ? this.renderProblem(this.problem, () => this.refresh()) : this.renderSkeleton(1);
    if (!options.mayInvite && !this._results && !this._job) {
      return html`<slot name="forbidden"><p class="note warn">${words.problem(options.reason ?? 'not_a_member')}</p></slot>`;
    }
    return html`<section class="panel stack" aria-labelledby="heading">
      <slot name="heading"><h2 id="heading">${words.say('compose')}</h2></slot>
      ${this._results ? this._renderResults(this._results) : nothing}
      ${this._job ? this._renderProgress(this._job) : this._renderForm(options)}
      <p class="hidden" role="status">${this._said}</p>
    </section>`;
  }

  private _renderForm(options: CommunityOptions): TemplateResult {
    const { words } = this;
    const faults = this._review();
    const pending = entries(this._text).filter(({ valid }) => valid).length;
    const wrong = faults.filter(Boolean).length;
    const n = this._recipients.length - wrong + pending;
    const mode = options.membershipMode === 'automatic' ? 'joinAtOnce' : options.needsApproval ? 'needApproval' : undefined;
    return html`<form class="stack" part="form" novalidate @submit=${this._send}>
      ${mode ? html`<p class="note accent">${words.say(mode)}</p>` : nothing}
      ${this._renderBox(options, faults)} ${this._renderMessage(options)} ${this._renderPreview()} ${this.renderProblem()}
      <div class="row between actions">
        <button class="button primary" part="send" aria-disabled=${!n}>
          ${n ? words.say(options.needsApproval ? 'request' : 'send', { n }) : words.say('compose')}
        </button>
        <p class="muted">${words.say('left', { n: options.quota.left })}</p>
      </div>
    </form>`;
  }

  private _renderBox(options: CommunityOptions, faults: Fault[]): TemplateResult {
    const { words } = this;
    const wrong = faults.filter(Boolean).length;
    const open = this._people.length > 0;
    const kind = options.addressesAllowed ? 'recipients' : 'recipientsConnections';
    return html`<div class="field-group">
      <div class="row between">
        <label for="input">${words.say(kind)}</label>
        ${wrong ? html`<span class="tag bad">${alert}${words.say('attention', { n: wrong })}</span>` : nothing}
      </div>
      <div
        class="box ${this._dropping ? 'dropping' : ''}"
        part="box"
        @click=${(event: Event) => event.target === event.currentTarget && this._input.focus()}
        @dragover=${(event: DragEvent) => {
          event.preventDefault();
          this._dropping = true;
        }}
        @dragleave=${() => (this._dropping = false)}
        @drop=${this._dropped}
      >
        ${this._renderChips(faults)}
        <input
          id="input"
          role="combobox"
          autocomplete="off"
          autocapitalize="none"
          spellcheck="false"
          aria-autocomplete="list"
          aria-expanded=${open}
          aria-controls="people"
          aria-activedescendant=${this._active >= 0 ? `person-${this._active}` : nothing}
          aria-describedby="hint"
          .value=${this._text}
          @input=${this._typed}
          @keydown=${this._pressed}
          @paste=${this._pasted}
        />
        <ul id="people" class="people" role="listbox" aria-label=${words.say(kind)} ?hidden=${!open}>
          ${this._people.map((person, index) => this._renderPerson(person, index))}
        </ul>
      </div>
      ${options.addressesAllowed
        ? html`<div class="row between">
            <p class="muted grow" id="hint">${words.say('hint')}</p>
            <label class="button quiet small file"
              >${words.say('file')}<input type="file" class="hidden" accept=".csv,.tsv,.txt,text/*" multiple @change=${this._chosen}
            /></label>
          </div>`
        : nothing}
    </div>`;
  }

  private async _chosen(event: Event): Promise<void> {
    const input = event.target as HTMLInputElement;
    await this._take(input.files);
    input.value = '';
  }

  private _renderChips(faults: Fault[]): unknown {
    const { words, _recipients: recipients } = this;
    if (!recipients.length) return nothing;
    let good = 0;
    const shown = recipients.map((_, index) => this._all || recipients.length <= SHOWN || !!faults[index] || good++ < SHOWN / 2);
    const hidden = shown.filter((is) => !is).length;
    const stop = Math.max(0, shown.lastIndexOf(true));
    return html`<ul class="chips" aria-label=${words.say('chosen', { n: recipients.length })}>
        ${recipients.map((recipient, index) => (shown[index] ? this._renderChip(recipient, index, faults[index], index === stop) : nothing))}
      </ul>
      ${hidden
        ? html`<button type="button" class="button small" @click=${() => (this._all = true)}>${words.say('andMore', { n: hidden })}</button>`
        : nothing}`;
  }

  private _renderChip({ text, userId }: Recipient, index: number, fault: Fault, stop: boolean): TemplateResult {
    const { words } = this;
    const reason = fault && this._reason(fault);
    return html`<li class="chip ${fault ? 'wrong bad' : ''}" data-index=${index} @keydown=${(event: KeyboardEvent) => this._pressedOnChip(event, index)}>
      <button
        type="button"
        class="edit"
        tabindex=${stop ? 0 : -1}
        @click=${() => (userId ? undefined : this._edit(index))}
      >
        ${fault ? alert : nothing}<bdi>${text}</bdi>${reason ? html` <span class="why">${reason}</span>` : nothing}${userId
          ? nothing
          : html`<span class="hidden">${words.say('edit')}</span>`}
      </button>
      <button type="button" class="remove" tabindex="-1" aria-label=${words.say('remove', { name: text })} @click=${() => this._remove(index)}>
        ${cross}
      </button>
    </li>`;
  }

  private _renderPerson(person: Person, index: number): TemplateResult {
    const { displayName, reason } = person;
    return html`<li
      id="person-${index}"
      role="option"
      aria-selected=${index === this._active}
      aria-disabled=${reason ? 'true' : nothing}
      @pointerdown=${(event: Event) => event.preventDefault()}
      @click=${() => this._pick(person)}
    >
      <span class="avatar round" aria-hidden="true">${initials(displayName)}</span>
      <span class="grow"><bdi>${displayName}</bdi></span>
      ${reason ? html`<span class="tag">${this.words.outcome(reason)}</span>` : nothing}
    </li>`;
  }

  private _renderMessage({ messageTokens, limits }: CommunityOptions): TemplateResult {
    const { words } = this;
    const unknown = this._unknown;
    const length = [...this._written].length;
    const most = limits.messageCharacters;
    return html`<div class="field-group">
      <div class="row between">
        <label for="message">${words.say('message')}</label>
        ${this._own
          ? html`<button type="button" class="button quiet small" @click=${() => this._write(this._options!.defaultMessage)}>
              ${words.say('reset')}
            </button>`
          : nothing}
      </div>
      <div class="writing">
        <div class="behind" aria-hidden="true" dir="auto">${segments(this._written, messageTokens).map(({ text, token }) => (token ? html`<mark class=${token}>${text}</mark>` : text))}${'\n'}</div>
        <textarea
          id="message"
          class="field"
          rows="4"
          dir="auto"
          aria-describedby="tokens counter"
          aria-invalid=${unknown.length > 0 || this._tooLong}
          .value=${this._written}
          @input=${(event: InputEvent) => this._write((event.target as HTMLTextAreaElement).value)}
        ></textarea>
      </div>
      ${unknown.length ? html`<p class="fault" role="alert">${alert}${words.say('unknownTokens', { tokens: unknown.join(' ') })}</p>` : nothing}
      <div class="row between">
        <div class="row tokens" id="tokens">
          <span class="muted">${words.say('tokens')}</span>
          ${messageTokens.map(
            (token) =>
              html`<button type="button" class="token" title=${this._explain(token)} @click=${() => this._insert(token)}>
                ${token}
              </button>`,
          )}
        </div>
        <span id="counter" dir="ltr" class="${this._tooLong ? 'fault' : 'muted'}">${words.number(length)} / ${words.number(most)}</span>
      </div>
    </div>`;
  }

  private _explain(token: string): string {
    const keys = { '%sender%': 'tokenSender', '%community%': 'tokenCommunity', '%type%': 'tokenType' } as const;
    return token in keys ? this.words.say(keys[token as keyof typeof keys]) : token;
  }

  private _renderPreview(): TemplateResult {
    const { words, _mail: mail } = this;
    const tabs = [
      { id: 'html', label: words.say('asHtml') },
      { id: 'text', label: words.say('asText') },
    ];
    const select = (view: string) => {
      this._view = view;
      void this.updateComplete.then(() => this._showMail());
    };
    return html`<details class="preview" part="preview" @toggle=${(event: Event) => (event.target as HTMLDetailsElement).open && this._previewSoon(0)}>
      <summary>${words.say('preview')}</summary>
      ${this.renderProblem(this._previewProblem, () => this._preview())}
      ${mail
        ? html`${renderTabs(words.say('preview'), tabs, this._view, select)}
            <div id="panel" role="tabpanel" aria-labelledby="tab-${this._view}" tabindex="0">
              <p class="subject" dir="auto"><b>${mail.subject}</b></p>
              ${this._view === 'html' ? html`<div class="mail"></div>` : html`<pre dir="auto">${mail.text}</pre>`}
            </div>`
        : this._previewProblem
          ? nothing
          : this.renderSkeleton(1)}
    </details>`;
  }

  private _renderProgress(job: Job): TemplateResult {
    const { words } = this;
    const done = resultsOf(job).length;
    const all = job.chunks.reduce((sum, chunk) => sum + sizeOf(chunk), 0);
    return html`<div class="stack progress">
      <p id="progress" role="status">${words.show('progress', { n: done, all })}</p>
      <progress max=${all} value=${done} aria-labelledby="progress"></progress>
      ${this._running
        ? nothing
        : html`${this.renderProblem()}
            <div class="row">
              <button class="button primary" @click=${this._goOn}>${words.say('tryAgain')}</button>
              <button class="button" @click=${this._finish}>${words.say('stop')}</button>
            </div>`}
    </div>`;
  }

  /** What needs attention comes first. Why, and until when, stands on each of them, in the box. */
  private _renderResults(results: Result[]): TemplateResult {
    const { words } = this;
    const group = (wanted: (outcome: Outcome) => boolean) => results.filter(({ outcome }) => wanted(outcome));
    const fine = group((outcome) => FINE.includes(outcome));
    const settled = group((outcome) => SETTLED.includes(outcome));
    const failed = group((outcome) => !FINE.includes(outcome) && !SETTLED.includes(outcome));
    const fold = (kind: string, label: string, rows: Result[]) =>
      rows.length
        ? html`<details class="note ${kind}">
            <summary>${label}</summary>
            ${this._renderRows(rows)}
          </details>`
        : nothing;
    return html`<div class="results stack" part="results" tabindex="-1">
      ${failed.length
        ? html`<p class="note bad"><span><b>${words.say('failed', { n: failed.length })}</b> ${words.say('failedHint')}</span></p>`
        : nothing}
      ${fold('', words.say('settled', { n: settled.length }), settled)} ${fold('good', words.say('done', { n: fine.length }), fine)}
      <div>
        <button class="button small" @click=${() => (this._results = undefined)}>${words.say('close')}</button>
      </div>
    </div>`;
  }

  private _renderRows(rows: Result[]): TemplateResult {
    return html`<ul class="rows" tabindex=${rows.length > 5 ? 0 : nothing} role="list">
      ${rows.map(
        ({ recipient, outcome, until }) => html`<li>
          <bdi>${this._names[recipient] ?? recipient}</bdi>
          <span class="tag ${tone(outcome)}">${this._reason({ outcome, until })}</span>
        </li>`,
      )}
    </ul>`;
  }
}
