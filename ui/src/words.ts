/** What the elements say, in the reader's language: sentences, numbers and dates. */
import type { TemplateResult } from 'lit';
import type { Code, DeliveryState, Outcome, Status } from './api/schema.js';
import type { en } from './locales/en.js';
import { LOCALES } from './locales/index.js';

/** A sentence; or one for each plural of its `{n}`. */
export type Text = string | ({ other: string } & Partial<Record<Intl.LDMLPluralRule, string>>);

type Sentences = Record<Exclude<keyof typeof en, keyof Coded>, Text>;

interface Coded {
  outcomes: Record<Outcome, string>;
  problems: Record<Code | 'offline', string>;
  statuses: Record<Status, string>;
  deliveries: Record<DeliveryState, string>;
}

/** All that the elements say in one language. */
export type Messages = Sentences & Coded;

/** What a host says otherwise: any sentence, and any code. */
export type MessageOverrides = Partial<Sentences> & { [group in keyof Coded]?: Partial<Coded[group]> };

export type Key = keyof Sentences;
type Value = string | number | TemplateResult;

const RIGHT_TO_LEFT = ['ar'];

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
  say(key: Key, values: Record<string, string | number> = {}): string {
    const spell = (value: string | number) =>
      typeof value === 'number' ? this.number(value) : `\u2068${value}\u2069`;
    return this.#pieces(key, values).map((piece) => (typeof piece === 'string' ? piece : spell(piece.value as string))).join('');
  }

  /** A sentence as parts of a template, in which a name may be a link. */
  show(key: Key, values: Record<string, Value> = {}): unknown[] {
    const spell = (value: Value) => (typeof value === 'number' ? this.number(value) : value);
    return this.#pieces(key, values).map((piece) => (typeof piece === 'string' ? piece : spell(piece.value)));
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

  #pieces(key: Key, values: Record<string, Value>): (string | { value: Value })[] {
    const text = this.#messages[key] as Text;
    const plural = new Intl.PluralRules(this.#tag).select(Number(values.n ?? 0));
    const sentence = typeof text === 'string' ? text : (text[plural] ?? text.other);
    return sentence.split(/(\{\w+\})/).map((piece) => {
      const name = /^\{(\w+)\}$/.exec(piece)?.[1];
      return name && name in values ? { value: values[name]! } : piece;
    });
  }
}

function rough(seconds: number): [number, 'day' | 'hour' | 'minute'] {
  const minutes = Math.round(seconds / 60);
  const hours = Math.round(minutes / 60);
  if (Math.abs(hours) > 22) return [Math.round(hours / 24), 'day'];
  return hours ? [hours, 'hour'] : [minutes, 'minute'];
}
