import { html, nothing, type PropertyDeclarations } from 'lit';
import { responseOf } from './api/client.js';
import type { Invitation } from './api/schema.js';
import { InvitationElement, STATE } from './element.js';
import { named, sentBy } from './names.js';
import { inboxStyles } from './styles/index.js';
import { tone } from './tones.js';

/**
 * All invitations of the caller: those that wait for an answer, then those of earlier.
 *
 * @element invitation-inbox
 * @fires invitation-before-action - Before an answer; `preventDefault()` stops it.
 * @fires invitation-action - After an answer.
 * @slot heading - In place of the heading.
 * @slot empty - What is shown when there is no invitation.
 * @csspart list - The list of those that wait.
 * @csspart earlier - The list of earlier ones.
 */
export class InvitationInbox extends InvitationElement {
  static override properties: PropertyDeclarations = {
    _invitations: STATE,
    _cursor: STATE,
    _pending: STATE,
    _busy: STATE,
  };

  static override styles = [...InvitationElement.styles, inboxStyles];

  private _invitations?: Invitation[];
  private _cursor?: string;
  private _pending = 0;
  private _busy = false;
  /** Those that waited when they were read: they stay in place, with the result, once they are answered. */
  readonly #waiting = new Set<string>();

  protected override forget(): void {
    super.forget();
    this._invitations = undefined;
    this._pending = 0;
  }

  protected override async load(): Promise<void> {
    this.#waiting.clear();
    await this._read();
  }

  private async _read(cursor?: string): Promise<void> {
    const query = { limit: 25, ...(cursor ? { cursor } : {}) };
    const page = await responseOf(this.api.GET('/me/invitations', { params: { query } }));
    for (const { id, status } of page.invitations) if (status === 'pending') this.#waiting.add(id);
    this._invitations = [...(cursor ? this._invitations! : []), ...page.invitations];
    this._cursor = page.nextCursor;
    this._pending = page.pendingCount ?? this.#waiting.size;
  }

  private async _more(): Promise<void> {
    if (this._busy) return;
    this._busy = true;
    await this.attempt(() => this._read(this._cursor));
    this._busy = false;
  }

  protected override content(): unknown {
    const { words } = this;
    return html`<div class="stack">
      <div class="row">
        <slot name="heading"><h2>${words.say('inbox')}</h2></slot>
        ${this._pending ? html`<span class="tag accent">${words.say('waiting', { n: this._pending })}</span>` : nothing}
      </div>
      ${this._renderList()}
    </div>`;
  }

  private _renderList(): unknown {
    const { words, _invitations: invitations } = this;
    if (!invitations) return this.renderWaiting();
    const waiting = invitations.filter(({ id }) => this.#waiting.has(id));
    const earlier = invitations.filter(({ id }) => !this.#waiting.has(id));
    return html`
      ${waiting.length
        ? html`<ul class="stack" part="list" @invitation-action=${this._answered}>
            ${waiting.map((invitation) => html`<li>${this._renderCard(invitation)}</li>`)}
          </ul>`
        : this.renderEmpty()}
      ${earlier.length
        ? html`<section class="earlier" aria-labelledby="earlier">
            <h3 id="earlier">${words.say('earlier')}</h3>
            <ul part="earlier">
              ${earlier.map((invitation) => html`<li class="entry">${this._renderEarlier(invitation)}</li>`)}
            </ul>
          </section>`
        : nothing}
      ${this.renderProblem(this.problem, () => this._more())}
      ${this._cursor && !this.problem
        ? this.renderMore(this._busy, this._more)
        : nothing}
    `;
  }

  private _renderCard(invitation: Invitation): unknown {
    return html`<invitation-card
      exportparts="card, message, accept, decline, result"
      .invitation=${invitation}
      .apiUrl=${this.apiUrl}
      .getToken=${this.getToken}
      .locale=${this.locale}
      .messages=${this.messages}
      .theme=${this.theme}
      .headingLevel=${3}
    ></invitation-card>`;
  }

  private _renderEarlier({ community, sender, status, answeredAt, createdAt, expiresAt }: Invitation): unknown {
    const { words } = this;
    const when = words.moment(answeredAt ?? (status === 'expired' ? expiresAt : createdAt));
    return html`<div class="grow">
        <div>${named(community.title, community.url)}</div>
        <div class="muted">${words.show('sentBy', { sender: sentBy(words, sender), when })}</div>
      </div>
      <span class="tag ${tone(status)}">${words.status(status)}</span>`;
  }

  private _answered(event: CustomEvent<{ action?: string }>): void {
    if (event.detail.action) this._pending = Math.max(0, this._pending - 1);
  }
}
