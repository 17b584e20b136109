/** What the elements say, in the reader's language: sentences, numbers and dates. */
import type { TemplateResult } from 'lit';
import type { Code, DeliveryState, Outcome, Status } from './api/schema.js';
import type { Key, MessageOverrides, Messages, Text } from './messages.js';

type Value = string | number | TemplateResult;

const RIGHT_TO_LEFT = ['ar'];

const LOCALES: Record<string, Messages> = {};

/** Adds languages. Nothing is said before there is English. */
export function learn(locales: Record<string, Messages>): void {
  Object.assign(LOCALES, locales);
}

export class Words {
  readonly language: string;
  readonly direction: 'ltr' | 'rtl';
  readonly #tag: string;
  readonly #messages: Messages;

  constructor(wanted: string, overrides: MessageOverrides = {}) {
    const language = wanted.toLowerCase().split(/[-_]/)[0]!;
    this.language = language in LOCALES ? language : 'en';
    this.direction = RIGHT_TO_LEFT.includes(this.language) ? 'rtl' : 'ltr';
    // The digits of the mails, whatever the browser takes for the language's own.
    this.#tag = this.language === 'ar' ? 'ar-u-nu-latn' : language === this.language ? wanted.replace('_', '-') : 'en';
    const messages = LOCALES[this.language]!;
    this.#messages = { ...messages, ...overrides } as Messages;
    for (const group of ['outcomes', 'problems', 'statuses', 'deliveries'] as const) {
      this.#messages[group] = { ...messages[group], ...overrides[group] } as never;
    }
  }

  /** A sentence as text, for labels and attributes. Names in it are isolated. */
  say(key: Key, values?: Record<string, string | number>): string {
    return this.show(key, values, (name) => `\u2068${name}\u2069`).join('');
  }

  /** A sentence as parts of a template, in which a name may be a link. */
  show(key: Key, values: Record<string, Value> = {}, spell: (value: Value) => unknown = (value) => value): unknown[] {
    const text = this.#messages[key] as Text;
    const plural = new Intl.PluralRules(this.#tag).select(Number(values.n ?? 0));
    const sentence = typeof text === 'string' ? text : (text[plural] ?? text.other);
    // Every other piece is the name of a value.
    return sentence.split(/\{(\w+)\}/).map((piece, index) => {
      const value = values[piece];
      if (index % 2 === 0) return piece;
      return typeof value === 'number' ? this.number(value) : spell(value ?? `{${piece}}`);
    });
  }

  outcome = (outcome: Outcome): string => this.#messages.outcomes[outcome] ?? outcome;
  problem = (code: Code | 'offline'): string => this.#messages.problems[code] ?? this.#messages.problems.internal_error;
  status = (status: Status): string => this.#messages.statuses[status] ?? status;
  delivery = (state: DeliveryState): string => this.#messages.deliveries[state] ?? state;

  number(value: number, options?: Intl.NumberFormatOptions): string {
    return new Intl.NumberFormat(this.#tag, options).format(value);
  }

  /** The day, and the time of it. */
  moment(moment: string | number, timeStyle?: 'short'): string {
    return new Intl.DateTimeFormat(this.#tag, { dateStyle: 'medium', timeStyle }).format(new Date(moment));
  }

  /** A day of UTC, as the API counts them, on one line. */
  day(date: string): string {
    return new Intl.DateTimeFormat(this.#tag, { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(new Date(date)).replace(/ /g, '\u00a0');
  }

  /** How long from now, roughly: "in 3 days", "2 hours ago". */
  away(moment: string): string {
    const [value, unit] = rough((Date.parse(moment) - Date.now()) / 1000);
    return new Intl.RelativeTimeFormat(this.#tag, { numeric: 'auto' }).format(value, unit);
  }

  /** So long, roughly: "3 hours". */
  duration(seconds: number): string {
    const [value, unit] = rough(seconds);
    return this.number(value, { style: 'unit', unit, unitDisplay: 'long' });
  }
}

function rough(seconds: number): [number, 'day' | 'hour' | 'minute'] {
  const minutes = Math.round(seconds / 60);
  const hours = Math.round(minutes / 60);
  if (Math.abs(hours) > 22) return [Math.round(hours / 24), 'day'];
  return hours ? [hours, 'hour'] : [minutes, 'minute'];
}
