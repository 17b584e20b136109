import { html, nothing, type PropertyDeclarations } from 'lit';
import { AnsweringElement } from './answering.js';
import { initials, named, sentBy } from './names.js';
import { cardStyles } from './styles/index.js';

/**
 * One invitation, with all that helps to judge it, and the buttons to answer.
 *
 * @element invitation-card
 * @slot footer - Below the answer.
 * @csspart card - The card.
 * @csspart message - The sender's words.
 */
export class InvitationCard extends AnsweringElement {
  static override properties: PropertyDeclarations = {
    invitationId: { attribute: 'invitation-id' },
    headingLevel: { type: Number, attribute: 'heading-level' },
  };

  static override styles = [...AnsweringElement.styles, cardStyles];

  /** The id of the invitation to show, where no invitation is set. */
  invitationId?: string;

  /** How deep the page's headings are where the card stands. */
  headingLevel = 2;

  protected override forget(): void {
    super.forget();
    if (this.invitationId) this.invitation = undefined;
  }

  protected override async load(): Promise<void> {
    if (this.invitationId) await this.reread(this.invitationId);
  }

  protected override content(): unknown {
    const { invitation, words } = this;
    if (!invitation) return this.renderWaiting();
    const { community, createdAt, expiresAt, message, sender, status } = invitation;
    const over = !this.result && status !== 'pending';
    return html`<article class="panel stack" part="card" aria-labelledby="title">
      <div class="head">
        <span class="avatar" aria-hidden="true">${initials(community.title)}</span>
        <div class="grow">
          <p class="title" id="title" role="heading" aria-level=${this.headingLevel}>${this.community}</p>
          <p class="muted">${words.show('invitedBy', { sender: sentBy(words, sender), when: words.away(createdAt) })}</p>
        </div>
        ${over ? html`<span class="tag">${words.status(status)}</span>` : nothing}
      </div>
      <blockquote class="wrap" part="message">${message}</blockquote>
      ${this._renderAbout()} ${this.renderAnswer()}
      ${status === 'pending' && !this.result
        ? html`<p class="muted">
            ${words.show('expires', { when: html`<time datetime=${expiresAt}>${words.away(expiresAt)} (${words.moment(expiresAt, 'short')})</time>` })}
          </p>`
        : nothing}
      <slot name="footer"></slot>
    </article>`;
  }

  /** A list's invitations do not describe their community: that is read when it is wanted. */
  private _renderAbout(): unknown {
    const { community } = this.invitation!;
    const known = community.description ?? community.memberCount ?? community.rulesUrl;
    if (this.result || (this.invitationId && known === undefined)) return nothing;
    return html`<details ?open=${!!this.invitationId} @toggle=${this._describe}>
      <summary>${this.words.say('about')}</summary>
      <div class="about">
        ${community.description ? html`<p class="wrap">${community.description}</p>` : nothing}
        <p class="row muted">
          ${community.memberCount === undefined ? nothing : this.words.say('members', { n: community.memberCount })}
          ${community.rulesUrl ? named(this.words.say('rules'), community.rulesUrl) : nothing}
          ${community.url ? named(this.words.say('visit'), community.url) : nothing}
        </p>
      </div>
    </details>`;
  }

  private async _describe(event: Event): Promise<void> {
    const { open } = event.target as HTMLDetailsElement;
    const { description, memberCount } = this.invitation!.community;
    if (open && description === undefined && memberCount === undefined) await this.attempt(() => this.reread(this.invitation!.id));
  }
}
