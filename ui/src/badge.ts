import { html, nothing, type PropertyDeclarations, type PropertyValues } from 'lit';
import { responseOf } from './api/client.js';
import { InvitationElement } from './element.js';
import { bell } from './icons.js';
import { badgeStyles } from './styles/index.js';
import { announce, callerOf, listen, type TabMessage } from './tabs.js';

/** How often the count is read while nothing happens, in milliseconds; up to a fifth longer, so that not all ask at once. */
const EVERY = 5 * 60_000;
/** How long the tab that leads has to respond: it may be asleep. */
const PATIENCE = 1_000;
/** How far the lists may lag behind an answer. */
const LAG = 400;
/** Where the count stops. */
const MOST = 100;

/**
 * How many invitations wait for the caller's answer. One tab of the browser reads it, and tells the others.
 *
 * @element invitation-badge
 * @fires invitation-count - The count has changed; `detail` has it.
 * @slot - What the count stands beside: an icon, a word.
 * @csspart count - The count.
 */
export class InvitationBadge extends InvitationElement {
  static override properties: PropertyDeclarations = {
    count: { type: Number, reflect: true },
  };

  static override styles = [...InvitationElement.styles, badgeStyles];

  /** How many wait. */
  count = 0;

  #caller?: string;
  #leads = false;
  #reading?: Promise<void>;
  #again = false;
  #timers: Partial<Record<'turn' | 'patience' | 'lag', ReturnType<typeof setTimeout>>> = {};
  #gone = new AbortController();

  override connectedCallback(): void {
    super.connectedCallback();
    const { signal } = (this.#gone = new AbortController());
    const ask = () => void this.#ask();
    listen((message) => this.#hear(message), signal);
    addEventListener('focus', ask, { signal });
    addEventListener('online', ask, { signal });
    document.addEventListener('visibilitychange', () => !document.hidden && ask(), { signal });
    const lead = () => {
      this.#leads = true;
      ask();
      return new Promise<void>((release) => signal.addEventListener('abort', () => release()));
    };
    // A page without TLS has no locks: there every tab leads itself.
    this.#leads = !navigator.locks;
    navigator.locks?.request('invitations', { signal }, lead).catch(() => {});
    ask();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#leads = false;
    this.#gone.abort();
    Object.values(this.#timers).forEach(clearTimeout);
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('getToken') || changed.has('apiUrl')) void this.#ask();
  }

  /** Whoever leads reads; the others ask, and read only where nobody responds. */
  async #ask(): Promise<void> {
    if (!this.getToken) return;
    const caller = await callerOf(this.getToken);
    if (caller !== this.#caller) this.#show(0);
    this.#caller = caller;
    if (this.#leads) return this.refresh();
    announce('ask');
    this.#later('patience', PATIENCE);
  }

  #hear(message: TabMessage): void {
    if (typeof message === 'object') {
      if (message.caller !== this.#caller) return;
      clearTimeout(this.#timers.patience);
      this.#show(message.count);
    } else if (message === 'changed') {
      this.#later(this.#leads ? 'lag' : 'patience', this.#leads ? LAG : PATIENCE);
    } else if (this.#leads) {
      void this.refresh();
    }
  }

  #later(name: 'turn' | 'patience' | 'lag', wait: number): void {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = setTimeout(() => void this.refresh(), wait);
  }

  protected override load(): Promise<void> {
    // What is asked for while a request runs may be newer than its response: it is read once more, after it.
    this.#again = !!this.#reading;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
      if (this.#again) void this.refresh();
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    if (this.#leads) this.#later('turn', EVERY * (1 + Math.random() / 5));
    const caller = this.#caller!;
    const { pendingCount } = await responseOf(this.api.GET('/me/invitations/count'));
    if (caller !== this.#caller) return;
    this.#show(pendingCount);
    announce({ count: pendingCount, caller });
  }

  #show(count: number): void {
    if (count === this.count) return;
    this.count = count;
    this.tell('invitation-count', { count });
  }

  protected override content(): unknown {
    const { count, words } = this;
    const shown = count < MOST ? words.number(count) : `${words.number(MOST)}+`;
    return html`<slot>${bell}</slot>
      ${count ? html`<span class="count" part="count" aria-hidden="true">${shown}</span>` : nothing}
      <span class="hidden" role="status">${count ? words.say('waiting', { n: count }) : words.say('none')}</span>`;
  }
}
