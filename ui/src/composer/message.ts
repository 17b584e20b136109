/** The message that goes with the invitations, and the mail that it becomes. */
import { html, nothing, type ReactiveController, type TemplateResult } from 'lit';
import { responseOf, type Problem } from '../api/client.js';
import { alert } from '../icons.js';
import { renderTabs } from '../tablist.js';
import type { ComposerHost } from './host.js';
import { mailBody } from './mail.js';
import type { Recipient } from './recipients.js';
import { segments } from './tokens.js';

/** How long after a key is pressed the mail is shown anew, in milliseconds. */
const PAUSE = 600;
/** What a token stands for. */
const MEANINGS = { '%sender%': 'tokenSender', '%community%': 'tokenCommunity', '%type%': 'tokenType' } as const;

export class MessageEditor implements ReactiveController {
  private _message?: string;
  private _mail?: { subject: string; text: string; html: string };
  private _view = 'html';
  private _problem?: Problem;
  #pause?: ReturnType<typeof setTimeout>;

  /** `first` is the recipient whose mail is shown. */
  constructor(
    private readonly _host: ComposerHost,
    private readonly _first: () => Recipient | undefined,
  ) {
    _host.addController(this);
  }

  hostDisconnected(): void {
    clearTimeout(this.#pause);
  }

  /** Forgets what was written. */
  clear(): void {
    this.hostDisconnected();
    this._message = this._mail = this._problem = undefined;
  }

  /** The message to send: none where it is still the default, which every reader gets in their own language. */
  get own(): string | undefined {
    const own = this._message;
    return own === this._host.options!.defaultMessage || !own?.trim() ? undefined : own;
  }

  /** Whether the API would refuse it. */
  get isWrong(): boolean {
    return this._unknown.length > 0 || this._tooLong;
  }

  private get _area(): HTMLTextAreaElement {
    return this._host.renderRoot.querySelector('textarea')!;
  }

  private get _written(): string {
    return this._message ?? this._host.options!.defaultMessage;
  }

  private get _unknown(): string[] {
    const tokens = segments(this._written, this._host.options!.messageTokens);
    return tokens.filter(({ token }) => token === 'unknown').map(({ text }) => text);
  }

  private get _length(): number {
    return [...this._written].length;
  }

  private get _tooLong(): boolean {
    return this._length > this._host.options!.limits.messageCharacters;
  }

  private _write(message: string): void {
    this._message = message;
    this._host.requestUpdate();
    if (this._host.renderRoot.querySelector<HTMLDetailsElement>('.preview')!.open) this._previewSoon(PAUSE);
  }

  private _insert(token: string): void {
    const area = this._area;
    area.setRangeText(token, area.selectionStart, area.selectionEnd, 'end');
    this._write(area.value);
    area.focus();
  }

  private _previewSoon(pause: number): void {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this._preview(), pause);
  }

  private async _preview(): Promise<void> {
    const { api, communityId } = this._host;
    const first = this._first();
    const message = this.own;
    const body = {
      ...(first?.userId ? { userIds: [first.userId] } : first ? { emails: [first.text] } : {}),
      ...(message ? { message } : {}),
    };
    try {
      const params = { path: { communityId } };
      this._mail = await responseOf(api.POST('/communities/{communityId}/invitations/preview', { params, body }));
      this._problem = undefined;
    } catch (error) {
      this._problem = this._host.asProblem(error);
    }
    await this._showMail();
  }

  private async _showMail(): Promise<void> {
    this._host.requestUpdate();
    await this._host.updateComplete;
    const frame = this._host.renderRoot.querySelector('.mail');
    const root = frame && (frame.shadowRoot ?? frame.attachShadow({ mode: 'open' }));
    root?.replaceChildren(...mailBody(this._mail!.html));
  }

  // What is seen.

  render(): TemplateResult {
    const { words, options } = this._host;
    const { messageTokens, limits, defaultMessage } = options!;
    const unknown = this._unknown;
    return html`<div class="field-group">
        <div class="row between">
          <label for="message">${words.say('message')}</label>
          ${this.own
            ? html`<button type="button" class="button quiet small" @click=${() => this._write(defaultMessage)}>${words.say('reset')}</button>`
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
            aria-invalid=${this.isWrong}
            .value=${this._written}
            @input=${(event: InputEvent) => this._write((event.target as HTMLTextAreaElement).value)}
          ></textarea>
        </div>
        ${unknown.length ? html`<p class="fault" role="alert">${alert}${words.say('unknownTokens', { tokens: unknown.join(' ') })}</p>` : nothing}
        <div class="row between">
          <div class="row" id="tokens">
            <span class="muted">${words.say('tokens')}</span>
            ${messageTokens.map(
              (token) =>
                html`<button type="button" class="token" title=${this._explain(token)} @click=${() => this._insert(token)}>
                  ${token}
                </button>`,
            )}
          </div>
          <span id="counter" dir="ltr" class="${this._tooLong ? 'fault' : 'muted'}">${words.number(this._length)} / ${words.number(limits.messageCharacters)}</span>
        </div>
      </div>
      ${this._renderPreview()}`;
  }

  private _explain(token: string): string {
    return token in MEANINGS ? this._host.words.say(MEANINGS[token as keyof typeof MEANINGS]) : token;
  }

  private _renderPreview(): TemplateResult {
    const { words } = this._host;
    const mail = this._mail;
    const tabs = [
      { id: 'html', label: words.say('asHtml') },
      { id: 'text', label: words.say('asText') },
    ];
    const select = (view: string) => {
      this._view = view;
      void this._showMail();
    };
    return html`<details class="preview" part="preview" @toggle=${(event: Event) => (event.target as HTMLDetailsElement).open && this._previewSoon(0)}>
      <summary>${words.say('preview')}</summary>
      ${this._problem ? this._host.renderProblem(this._problem, () => this._preview()) : nothing}
      ${mail
        ? html`${renderTabs(words.say('preview'), tabs, this._view, select)}
            <div id="panel" role="tabpanel" aria-labelledby="tab-${this._view}" tabindex="0">
              <p class="subject wrap"><b>${mail.subject}</b></p>
              ${this._view === 'html' ? html`<div class="mail"></div>` : html`<pre dir="auto">${mail.text}</pre>`}
            </div>`
        : this._problem
          ? nothing
          : this._host.renderSkeleton()}
    </details>`;
  }
}
