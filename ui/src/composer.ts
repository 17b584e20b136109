import { html, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { responseOf } from './api/client.js';
import type { CommunityOptions } from './api/schema.js';
import { entries, trim } from './composer/addresses.js';
import { RecipientBox } from './composer/box.js';
import type { ComposerHost } from './composer/host.js';
import { MessageEditor } from './composer/message.js';
import { isRefused, type Recipient } from './composer/recipients.js';
import { renderResults } from './composer/results.js';
import { Shelf, jobOf, restOf, resultsOf, send, sizeOf, type Job, type Result } from './composer/sending.js';
import { InvitationElement, STATE } from './element.js';
import { composerStyles, tablistStyles } from './styles/index.js';
import { callerOf } from './tabs.js';

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
export class InvitationComposer extends InvitationElement implements ComposerHost {
  static override properties: PropertyDeclarations = {
    communityId: { attribute: 'community-id' },
    _options: STATE,
    _job: STATE,
    _running: STATE,
    _results: STATE,
  };

  static override styles = [...InvitationElement.styles, tablistStyles, composerStyles];

  /** The community to invite to. */
  communityId = '';

  private readonly _box = new RecipientBox(this);
  private readonly _editor = new MessageEditor(this, () => this._box.good[0]);
  private _options?: CommunityOptions;
  private _job?: Job;
  private _running = false;
  private _results?: Result[];
  private _names: Record<string, string> = {};
  #shelf?: Shelf;

  /** @internal */
  get options(): CommunityOptions | undefined {
    return this._options;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener('online', this._goOn);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('online', this._goOn);
  }

  protected override forget(): void {
    super.forget();
    this._options = this._job = this._results = undefined;
    this._running = false;
    this._box.clear();
    this._editor.clear();
  }

  protected override async load(): Promise<void> {
    const { api, communityId } = this;
    this._options = await responseOf(
      api.GET('/communities/{communityId}/options', { params: { path: { communityId } } }),
    );
    const caller = await callerOf(this.getToken!);
    // Another community's, or another person's, is on its way.
    if (api !== this.api) return;
    this.#shelf = new Shelf(`invitations ${this.apiUrl} ${communityId} ${caller}`);
    const job = this.#shelf.take();
    if (job && !this._running) {
      this._job = job;
      void this._run();
    }
  }

  // Sending.

  private async _send(event: Event): Promise<void> {
    event.preventDefault();
    const { _box: box, _editor: editor } = this;
    // Text that is not committed yet counts.
    if (trim(box.text)) box.commit();
    const { good } = box;
    if (!good.length || editor.isWrong) {
      return this.focusOn(good.length ? 'textarea' : '#input');
    }
    const users = good.flatMap(({ userId, text }) => (userId ? { id: userId, name: text } : []));
    const emails = good.flatMap(({ userId, text }) => (userId ? [] : text));
    const message = editor.own;
    const detail = { communityId: this.communityId, userIds: users.map(({ id }) => id), emails, message };
    if (!this.tell('invitation-before-send', detail, true)) return;
    this._job = jobOf(users, emails, this.options!.limits.recipients, message);
    this.#shelf?.put(this._job);
    const sent = new Set(good);
    box.recipients = box.recipients.filter((one) => !sent.has(one));
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
    const again = results.filter(isRefused);
    const recipient = (id: string): Recipient =>
      id in job.names ? { text: job.names[id]!, userId: id, valid: true } : { text: id, valid: true };
    this._box.recipients = [
      ...this._box.recipients,
      ...again.map((refused) => ({ ...recipient(refused.recipient), refused, valid: refused.outcome !== 'invalid_email' })),
      ...restOf(job).flatMap(({ userIds, emails }) => [...userIds, ...emails].map(recipient)),
    ];
    if (results.length) {
      this._results = results;
      this.tell('invitation-send', { communityId: this.communityId, results });
      await this.focusOn('.results');
    }
    const { problem } = this;
    await this.refresh();
    this.problem ??= problem;
  }

  // What is seen.

  protected override content(): unknown {
    const { words, options, _results: results } = this;
    if (!options) return this.renderWaiting();
    if (!options.mayInvite && !results && !this._job) {
      return html`<slot name="forbidden"><p class="note warn">${words.problem(options.reason ?? 'not_a_member')}</p></slot>`;
    }
    return html`<section class="panel stack" aria-labelledby="heading">
      <slot name="heading"><h2 id="heading">${words.say('compose')}</h2></slot>
      ${results ? renderResults(words, results, this._names, () => (this._results = undefined)) : nothing}
      ${this._job ? this._renderProgress(this._job) : this._renderForm(options)}
      <p class="hidden" role="status">${this._box.said}</p>
    </section>`;
  }

  private _renderForm(options: CommunityOptions): TemplateResult {
    const { words, _box: box } = this;
    const { faults } = box;
    const n = faults.filter((fault) => !fault).length + entries(box.text).filter(({ valid }) => valid).length;
    const mode = options.needsApproval ? 'needApproval' : options.membershipMode === 'automatic' ? 'joinAtOnce' : undefined;
    return html`<form class="stack" part="form" novalidate @submit=${this._send}>
      ${mode ? html`<p class="note accent">${words.say(mode)}</p>` : nothing}
      ${box.render(faults)} ${this._editor.render()} ${this.renderProblem()}
      <div class="row between actions">
        <button class="button primary" part="send" aria-disabled=${!n}>
          ${n ? words.say(options.needsApproval ? 'request' : 'send', { n }) : words.say('compose')}
        </button>
        <p class="muted">${words.say('left', { n: options.quota.left })}</p>
      </div>
    </form>`;
  }

  private _renderProgress(job: Job): TemplateResult {
    const { words } = this;
    const done = resultsOf(job).length;
    const all = job.chunks.reduce((sum, chunk) => sum + sizeOf(chunk), 0);
    return html`<div class="stack">
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
}
