/** Accepting, declining, and declining for good: what card and notice share. */
import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import { responseOf, type Problem } from './api/client.js';
import type { Action, AllowedAction, Invitation } from './api/schema.js';
import { InvitationElement, STATE } from './element.js';
import { tick } from './icons.js';
import { named } from './names.js';
import { answeringStyles } from './styles/index.js';

type Result = 'accepted' | 'declined' | 'blocked';

/** States in which the problem of an answer says all there is to say about the invitation. */
const OVER = /^invitation_|^already_member$/;

/**
 * @fires invitation-before-action - Before an answer; `preventDefault()` stops it. `detail` has the invitation and the action.
 * @fires invitation-action - After an answer; `detail` has the invitation as it is now, and the action.
 * @csspart accept - The button that accepts.
 * @csspart decline - The button that declines.
 * @csspart result - What has become of the invitation.
 */
export abstract class AnsweringElement extends InvitationElement {
  static override properties: PropertyDeclarations = {
    invitation: { attribute: false },
    result: STATE,
    _busy: STATE,
    _asking: STATE,
  };

  static override styles = [...InvitationElement.styles, answeringStyles];

  /** The invitation to show. Whoever has it in hand sets it. */
  invitation?: Invitation;

  protected result?: Result;
  private _busy?: Action;
  private _asking = false;

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    if (changed.has('invitation') && changed.get('invitation')?.id !== this.invitation?.id) {
      this.result = this.problem = undefined;
      this._asking = false;
    }
  }

  /** Reads the invitation anew, with what only its own page tells of the community. */
  protected async reread(id: string): Promise<void> {
    this.invitation = await responseOf(this.api.GET('/invitations/{invitationId}', { params: { path: { invitationId: id } } }));
  }

  private async _answer(action: AllowedAction, block = false): Promise<void> {
    if (this._busy) return;
    this._busy = action.id;
    this.problem = undefined;
    try {
      const changed = await this.act(this.invitation!, action, block ? { block } : {});
      if (changed) {
        // What the response leaves out, such as the community's description, is still true.
        this.invitation = { ...this.invitation!, ...changed };
        this._showResult(block ? 'blocked' : action.id.startsWith('ACCEPT') ? 'accepted' : 'declined');
      }
    } catch (error) {
      const problem = this.asProblem(error);
      this.problem = problem;
      if (problem && !problem.passes) await this._catchUp(problem);
    } finally {
      this._busy = undefined;
    }
  }

  private _showResult(result: Result): void {
    this.result = result;
    this._asking = false;
    void this.focusOn('.result');
  }

  /** Somebody was faster: shows what can be done now, which may be nothing. */
  private async _catchUp(problem: Problem): Promise<void> {
    try {
      await this.reread(this.invitation!.id);
    } catch {
      this.invitation = { ...this.invitation!, actions: [] };
    }
    if (OVER.test(problem.code)) this.tell('invitation-action', { invitation: this.invitation });
  }

  protected offered(what: 'ACCEPT' | 'DECLINE'): AllowedAction | undefined {
    return this.invitation?.actions.find((action) => action.id === `${what}_COMMUNITY_INVITATION`);
  }

  protected get community(): TemplateResult {
    const { title, url } = this.invitation!.community;
    return named(title, url);
  }

  protected renderAnswer(): unknown {
    if (this.result) {
      return html`<p class="result" part="result" role="status" tabindex="-1">
        ${tick}<span>${this.words.show(this.result, { community: this.community })}</span>
      </p>`;
    }
    return html`${this.renderProblem()} ${this._asking ? this._renderAsking() : this._renderButtons()}`;
  }

  private _renderButtons(): unknown {
    const accept = this.offered('ACCEPT');
    const decline = this.offered('DECLINE');
    if (!accept && !decline) return nothing;
    const { title } = this.invitation!.community;
    const button = (action: AllowedAction | undefined, key: 'accept' | 'decline', kind: string) =>
      action &&
      html`<button
        class="button ${kind}"
        part=${key}
        aria-label="${this.words.say(key)}, ${title}"
        aria-disabled=${this._busy ? 'true' : nothing}
        @click=${() => this._answer(action)}
      >
        ${this.words.say(this._busy === action.id ? 'loading' : key)}
      </button>`;
    return html`<div class="answers">
      ${button(accept, 'accept', 'primary')} ${button(decline, 'decline', '')}
      ${decline &&
      html`<button class="button quiet" aria-label="${this.words.say('block')}, ${title}" @click=${() => this._ask(true)}>
        ${this.words.say('block')}
      </button>`}
    </div>`;
  }

  private _renderAsking(): unknown {
    const decline = this.offered('DECLINE');
    if (!decline) return nothing;
    return html`<div class="stack asking" role="group" aria-labelledby="asked">
      <p id="asked" tabindex="-1">${this.words.show('blockAsked', { community: html`<bdi>${this.invitation!.community.title}</bdi>` })}</p>
      <div class="answers">
        <button class="button bad" @click=${() => this._answer(decline, true)}>${this.words.say('block')}</button>
        <button class="button" @click=${() => this._ask(false)}>${this.words.say('back')}</button>
      </div>
    </div>`;
  }

  private _ask(asking: boolean): void {
    this._asking = asking;
    void this.focusOn(asking ? '#asked' : '.answers .quiet');
  }
}
