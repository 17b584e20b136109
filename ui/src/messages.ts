/** What there is to say: every sentence of `locales/en.ts`, and the words of every code of the contract. */
import type { Code, DeliveryState, Outcome, Status } from './api/schema.js';
import type { en } from './locales/en.js';

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

/** What names a sentence. */
export type Key = keyof Sentences;
