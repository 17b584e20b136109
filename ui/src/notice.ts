import { html, nothing, type PropertyDeclarations } from 'lit';
import { AnsweringElement } from './answering.js';
import { STATE } from './element.js';
import { responseOf } from './api/client.js';
import { cross, envelope } from './icons.js';
import { sentBy } from './names.js';
import { noticeStyles } from './styles/index.js';

/** The longest list that is searched for the community's invitation, in pages of 100. */
const PAGES = 3;

/**
 * A line on a community's own page for whoever is invited to it. It shows nothing to anybody else.
 *
 * @element invitation-notice
 * @csspart notice - The line.
 */
export class InvitationNotice extends AnsweringElement {
  static override properties: PropertyDeclarations = {
    communityId: { attribute: 'community-id' },
    _closed: STATE,
  };

  static override styles = [...AnsweringElement.styles, noticeStyles];

  /** The community whose page it is. */
  communityId?: string;

  private _closed = false;

  protected override forget(): void {
    super.forget();
    this.invitation = undefined;
  }

  protected override async load(): Promise<void> {
    this._closed = false;
    this.invitation = undefined;
    let cursor: string | undefined;
    for (let page = 0; page < PAGES && !this.invitation; page++) {
      const query = { status: 'pending' as const, limit: 100, ...(cursor ? { cursor } : {}) };
      const { invitations, nextCursor } = await responseOf(this.api.GET('/me/invitations', { params: { query } }));
      this.invitation = invitations.find(({ communityId }) => communityId === this.communityId);
      if (!nextCursor) break;
      cursor = nextCursor;
    }
  }

  protected override content(): unknown {
    if (!this.invitation || this._closed) return nothing;
    const { words, invitation } = this;
    return html`<section class="line" part="notice" aria-label=${words.say('inbox')}>
      ${envelope}
      ${this.result
        ? nothing
        : html`<p class="says">
            ${words.show('noticeSays', { sender: sentBy(words, invitation.sender), community: html`<b>${this.community}</b>` })}${' '}<span
              class="muted"
              >${words.say('expires', { when: words.away(invitation.expiresAt) })}</span
            >
          </p>`}
      ${this.renderAnswer()}
      ${this.result
        ? html`<button class="button quiet close" aria-label=${words.say('close')} @click=${() => (this._closed = true)}>
            ${cross}
          </button>`
        : nothing}
    </section>`;
  }
}
