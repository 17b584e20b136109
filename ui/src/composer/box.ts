/** The box with the recipients: by name, by address, as a pasted list or a dropped file. A combobox of the ARIA practices. */
import { html, nothing, type ReactiveController, type TemplateResult } from 'lit';
import { responseOf } from '../api/client.js';
import type { Person } from '../api/schema.js';
import { alert, cross } from '../icons.js';
import { initials } from '../names.js';
import { entries, entriesOfRows, trim } from './addresses.js';
import type { ComposerHost } from './host.js';
import { reasonOf, review, type Fault, type Recipient } from './recipients.js';

/** How many recipients are shown while nothing is wrong with them. */
const SHOWN = 40;
/** How long after a key is pressed people are searched for, in milliseconds. */
const PAUSE = 150;
/** What ends an address while it is typed. */
const SEPARATED = /[,;،؛，、；]\s*$/;

export class RecipientBox implements ReactiveController {
  recipients: Recipient[] = [];
  /** What is written and not a recipient yet. */
  text = '';
  /** What has happened, for whoever does not see it. */
  said = '';

  private _people: Person[] = [];
  private _active = -1;
  private _all = false;
  private _dropping = false;
  #search?: AbortController;
  #pause?: ReturnType<typeof setTimeout>;

  constructor(private readonly _host: ComposerHost) {
    _host.addController(this);
  }

  hostDisconnected(): void {
    this.#search?.abort();
    clearTimeout(this.#pause);
  }

  /** Forgets everyone. */
  clear(): void {
    this.hostDisconnected();
    this.recipients = this._people = [];
    this.text = '';
  }

  /** What is wrong with each recipient. */
  get faults(): (Fault | undefined)[] {
    return review(this.recipients, this._host.options!);
  }

  /** Those with whom nothing is wrong. */
  get good(): Recipient[] {
    const { faults } = this;
    return this.recipients.filter((_, index) => !faults[index]);
  }

  /** Makes recipients of what is written. What cannot be read stays, as one that says so. */
  commit(): void {
    this._add(entries(this.text));
    this._type('');
  }

  // The recipients.

  private _add(found: Recipient[]): void {
    if (!found.length) return;
    this.recipients = [...this.recipients, ...found];
    const { words } = this._host;
    const wrong = this.faults.filter(Boolean).length;
    this.said = words.say('added', { n: found.length }) + (wrong ? ` ${words.say('attention', { n: wrong })}` : '');
    this._host.requestUpdate();
  }

  private _pick({ displayName, userId, reason }: Person): void {
    if (reason) return;
    this._add([{ text: displayName, userId, valid: true }]);
    this._type('');
  }

  private _drop(index: number): void {
    this.recipients = this.recipients.filter((_, at) => at !== index);
    this._host.requestUpdate();
  }

  /** Removes a recipient, and keeps the keyboard where it was. */
  private async _remove(index: number): Promise<void> {
    this._drop(index);
    await this._focusChip(Math.min(index, this.recipients.length - 1));
  }

  /** Takes a recipient back into the box, to be written anew. */
  private async _edit(index: number): Promise<void> {
    const { text } = this.recipients[index]!;
    this._drop(index);
    this._add(entries(this.text));
    this._type(text);
    await this._host.updateComplete;
    this._input.focus();
    this._input.select();
  }

  // What is written.

  private get _input(): HTMLInputElement {
    return this._host.renderRoot.querySelector('#input')!;
  }

  private _type(text: string): void {
    this.text = text;
    this._people = [];
    this._active = -1;
    clearTimeout(this.#pause);
    this.#search?.abort();
    const typed = trim(text);
    if (typed && !typed.includes('@') && this._host.options!.peopleSearch !== 'off') {
      this.#pause = setTimeout(() => void this._find(typed), PAUSE);
    }
    this._host.requestUpdate();
  }

  private async _find(q: string): Promise<void> {
    this.#search = new AbortController();
    const { signal } = this.#search;
    const { api, communityId, words } = this._host;
    const params = { path: { communityId }, query: { q } };
    await this._host.attempt(async () => {
      const { people } = await responseOf(api.GET('/communities/{communityId}/people', { params, signal }));
      const chosen = new Set(this.recipients.map(({ userId }) => userId));
      this._people = people.filter(({ userId }) => !chosen.has(userId));
      this._active = this._people.findIndex(({ reason }) => !reason);
      this.said = words.say('found', { n: this._people.length });
      this._host.requestUpdate();
    });
  }

  private readonly _typed = (event: InputEvent): void => {
    const { value } = event.target as HTMLInputElement;
    this._type(value);
    if (SEPARATED.test(value) && value.includes('@')) this.commit();
  };

  private readonly _pasted = (event: ClipboardEvent): void => {
    const pasted = event.clipboardData?.getData('text/plain') ?? '';
    const { value, selectionStart, selectionEnd } = this._input;
    const found = entries(value.slice(0, selectionStart!) + pasted + value.slice(selectionEnd!));
    if (found.length < 2 && !found[0]?.valid && !/[\n\r]/.test(pasted)) return; // a name, or a part of one
    event.preventDefault();
    this._add(found);
    this._type('');
  };

  // The keyboard.

  private readonly _pressed = (event: KeyboardEvent): void => {
    const { key } = event;
    if (event.isComposing) return;
    const open = this._people.length > 0;
    const { selectionStart, selectionEnd } = this._input;
    if (open && (key === 'ArrowDown' || key === 'ArrowUp')) {
      const step = key === 'ArrowDown' ? 1 : -1;
      this._active = (this._active + step + this._people.length) % this._people.length;
    } else if (open && key === 'Escape') {
      this._people = [];
      this._active = -1;
    } else if (key === 'Enter') {
      if (this._active >= 0) this._pick(this._people[this._active]!);
      else this.commit();
    } else if ((key === 'Backspace' || key === this._back) && !selectionStart && !selectionEnd) {
      void this._focusChip(this.recipients.length - 1);
    } else return;
    event.preventDefault();
    this._host.requestUpdate();
  };

  private get _back(): string {
    return this._host.words.direction === 'rtl' ? 'ArrowRight' : 'ArrowLeft';
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
    await this._host.updateComplete;
    const chips = [...this._host.renderRoot.querySelectorAll<HTMLElement>('.chip')];
    const at = chips.findIndex((chip) => Number(chip.dataset.index) >= index);
    const chip = step < 0 ? chips.findLast((one) => Number(one.dataset.index) <= index) : chips[at];
    (chip?.querySelector('button') ?? this._input).focus();
  }

  // Files.

  private _mark(dropping: boolean): void {
    this._dropping = dropping;
    this._host.requestUpdate();
  }

  private async _read(files?: FileList | null): Promise<void> {
    for (const file of files ?? []) {
      const bytes = await file.arrayBuffer();
      const [first, second] = new Uint8Array(bytes);
      const encoding = first === 0xff && second === 0xfe ? 'utf-16le' : 'utf-8';
      this._add(entriesOfRows(new TextDecoder(encoding).decode(bytes)));
    }
  }

  private readonly _dragged = (event: DragEvent): void => {
    event.preventDefault();
    this._mark(true);
  };

  private readonly _dropped = async (event: DragEvent): Promise<void> => {
    event.preventDefault();
    this._mark(false);
    const { files } = event.dataTransfer!;
    if (files.length) await this._read(files);
    else this._add(entries(event.dataTransfer!.getData('text/plain')));
  };

  private readonly _chosen = async (event: Event): Promise<void> => {
    const input = event.target as HTMLInputElement;
    await this._read(input.files);
    input.value = '';
  };

  // What is seen.

  render(faults: (Fault | undefined)[]): TemplateResult {
    const { words, options } = this._host;
    const wrong = faults.filter(Boolean).length;
    const open = this._people.length > 0;
    const kind = options!.addressesAllowed ? 'recipients' : 'recipientsConnections';
    return html`<div class="field-group">
      <div class="row between">
        <label for="input">${words.say(kind)}</label>
        ${wrong ? html`<span class="tag bad">${alert}${words.say('attention', { n: wrong })}</span>` : nothing}
      </div>
      <div
        class="box ${this._dropping ? 'dropping' : ''}"
        part="box"
        @click=${(event: Event) => event.target === event.currentTarget && this._input.focus()}
        @dragover=${this._dragged}
        @dragleave=${() => this._mark(false)}
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
          .value=${this.text}
          @input=${this._typed}
          @keydown=${this._pressed}
          @paste=${this._pasted}
        />
        <ul id="people" class="people" role="listbox" aria-label=${words.say(kind)} ?hidden=${!open}>
          ${this._people.map((person, index) => this._renderPerson(person, index))}
        </ul>
      </div>
      ${options!.addressesAllowed
        ? html`<div class="row between">
            <p class="muted grow" id="hint">${words.say('hint')}</p>
            <label class="button quiet small file"
              >${words.say('file')}<input type="file" class="hidden" accept=".csv,.tsv,.txt,text/*" multiple @change=${this._chosen}
            /></label>
          </div>`
        : nothing}
    </div>`;
  }

  private _renderChips(faults: (Fault | undefined)[]): unknown {
    const { recipients } = this;
    const { words } = this._host;
    if (!recipients.length) return nothing;
    let good = 0;
    const shown = recipients.map((_, index) => this._all || recipients.length <= SHOWN || !!faults[index] || good++ < SHOWN / 2);
    const hidden = shown.filter((is) => !is).length;
    const stop = Math.max(0, shown.lastIndexOf(true));
    const all = () => {
      this._all = true;
      this._host.requestUpdate();
    };
    return html`<ul class="chips" aria-label=${words.say('selected', { n: recipients.length })}>
        ${recipients.map((recipient, index) => (shown[index] ? this._renderChip(recipient, index, faults[index], index === stop) : nothing))}
      </ul>
      ${hidden ? html`<button type="button" class="button small" @click=${all}>${words.say('andMore', { n: hidden })}</button>` : nothing}`;
  }

  private _renderChip({ text, userId }: Recipient, index: number, fault: Fault | undefined, stop: boolean): TemplateResult {
    const { words } = this._host;
    return html`<li class="chip ${fault ? 'wrong bad' : ''}" data-index=${index} @keydown=${(event: KeyboardEvent) => this._pressedOnChip(event, index)}>
      <button
        type="button"
        class="edit"
        tabindex=${stop ? 0 : -1}
        @click=${() => (userId ? undefined : this._edit(index))}
      >
        ${fault ? alert : nothing}<bdi>${text}</bdi>${fault ? html` <span class="why">${reasonOf(words, fault)}</span>` : nothing}${userId
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
      ${reason ? html`<span class="tag">${this._host.words.outcome(reason)}</span>` : nothing}
    </li>`;
  }
}
