/** What every element has in common: the contract with the host page. */
import { LitElement, html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from 'lit';
import { Problem, connect, follow, type Api, type GetToken } from './api/client.js';
import type { AllowedAction, Invitation } from './api/schema.js';
import { envelope } from './icons.js';
import type { MessageOverrides } from './messages.js';
import { announce } from './tabs.js';
import { foundation } from './styles/index.js';
import { Words } from './words.js';

/** What an element renders by, and no host sets. */
export const STATE = { state: true };

/** For whom, and of what, something is shown. */
const CONTEXT = ['apiUrl', 'getToken', 'communityId', 'invitationId'];

/**
 * The contract with the host page.
 *
 * @fires invitation-problem - A request has failed; `detail` is the problem, with its `code`.
 * @csspart base - All of the element.
 */
export class InvitationElement extends LitElement {
  static override properties: PropertyDeclarations = {
    apiUrl: { attribute: 'api-url' },
    locale: {},
    theme: { reflect: true },
    getToken: { attribute: false },
    messages: { attribute: false },
    problem: STATE,
  };

  static override styles = [foundation];

  /** Where the API is: the stack's output `ApiUrl`. */
  apiUrl = '';

  /** The language: a tag of those in `locales`, such as `en`, with any region. Without it, the page's, else the browser's. */
  locale?: string;

  /** `light`, `dark` or `auto` (as the system has it). Without it, as the page's `color-scheme` says. */
  theme?: 'light' | 'dark' | 'auto';

  /** Gives the caller's token, or a promise of it. It is called once more, with `{renew: true}`, after a 401. */
  getToken?: GetToken;

  /** Words in place of the element's own, by key. */
  messages?: MessageOverrides;

  protected problem?: Problem;

  /** @internal */
  api!: Api;
  /** @internal */
  words = new Words('en');
  #ended = new AbortController();

  /** Loads what the element shows, for whoever `getToken` stands for. */
  protected load?(): Promise<void>;

  /** Loads anew what the element shows. */
  async refresh(): Promise<void> {
    await this.updateComplete;
    if (!this.getToken || !this.isConnected) return;
    await this.attempt(async () => this.load?.());
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!this.hasUpdated || changed.has('locale') || changed.has('messages')) {
      const wanted = this.locale || document.documentElement.lang || navigator.language;
      this.words = new Words(wanted, this.messages);
    }
    if (CONTEXT.some((name) => changed.has(name))) {
      this.forget();
      // What is still on its way is somebody else's, or of something else.
      this.#ended.abort();
      this.#ended = new AbortController();
      this.api = connect(this.apiUrl, this.getToken!, this.#ended.signal);
    }
  }

  /** Forgets what was shown to somebody else, or of something else. */
  protected forget(): void {
    this.problem = undefined;
  }

  protected override updated(changed: PropertyValues): void {
    if (CONTEXT.some((name) => changed.has(name))) void this.refresh();
  }

  protected override render(): TemplateResult {
    const { language, direction } = this.words;
    return html`<div class="base" part="base" lang=${language} dir=${direction}>${this.content()}</div>`;
  }

  protected content(): unknown {
    return nothing;
  }

  /**
   * Does something that may fail with a problem, which is then shown and told.
   *
   * @internal
   */
  async attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      this.problem = undefined;
    } catch (error) {
      this.problem = this.asProblem(error);
    }
  }

  /**
   * Tells the host of what went wrong. That a request was given up is no problem.
   *
   * @internal
   */
  asProblem(error: unknown): Problem | undefined {
    if (error instanceof DOMException) return undefined;
    if (!(error instanceof Problem)) throw error;
    this.tell('invitation-problem', error);
    return error;
  }

  /** Tells the host of something. Returns whether it may go on, if it can be cancelled. */
  protected tell(name: string, detail: unknown, cancelable = false): boolean {
    return this.dispatchEvent(new CustomEvent(name, { detail, cancelable, bubbles: true, composed: true }));
  }

  /** Does what an invitation offers, unless the host objects. Throws a {@link Problem}. */
  protected async act(invitation: Invitation, action: AllowedAction, body = {}): Promise<Invitation | undefined> {
    const detail = { invitation, action: action.id, ...body };
    if (!this.tell('invitation-before-action', detail, true)) return undefined;
    const changed = await follow(this.api, action, body);
    this.tell('invitation-action', { ...detail, invitation: changed });
    announce('changed');
    return changed;
  }

  /** Moves the keyboard on to something that is about to be rendered. */
  protected async focusOn(selector: string): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(selector)?.focus();
  }

  /** What is shown while there is nothing else: that it is being loaded, or why it was not. */
  protected renderWaiting(): unknown {
    return this.problem ? this.renderProblem(this.problem, () => this.refresh()) : this.renderSkeleton();
  }

  protected renderEmpty(): TemplateResult {
    return html`<slot name="empty"><div class="empty">${envelope}<p>${this.words.say('none')}</p></div></slot>`;
  }

  /** A button for the next page of a list. */
  protected renderMore(busy: boolean, more: () => unknown): TemplateResult {
    return html`<button class="button" aria-disabled=${busy} @click=${more}>${this.words.say(busy ? 'loading' : 'more')}</button>`;
  }

  /** @internal */
  renderProblem(problem = this.problem, again?: () => unknown): unknown {
    if (!problem) return nothing;
    return html`<div class="note bad" part="problem" role="alert">
      <p>${this.words.problem(problem.code)}</p>
      ${again
        ? html`<button class="button small" type="button" @click=${again}>${this.words.say('tryAgain')}</button>`
        : nothing}
    </div>`;
  }

  /** @internal */
  renderSkeleton(rows = 1): TemplateResult {
    return html`<div class="stack" role="status">
      <span class="hidden">${this.words.say('loading')}</span>
      ${Array.from({ length: rows }, () => html`<div class="panel skeleton" aria-hidden="true"><i></i><b></b><b></b></div>`)}
    </div>`;
  }
}
