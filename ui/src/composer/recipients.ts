/** Whom the composer is to invite, and why somebody cannot be invited as they stand there. */
import type { CommunityOptions, Outcome } from '../api/schema.js';
import type { Words } from '../words.js';
import { keyOf } from './addresses.js';
import type { Result } from './sending.js';

/** Someone to invite, or text that is to become someone. */
export interface Recipient {
  text: string;
  /** A person from the list. */
  userId?: string;
  /** Whether it is an address, if it is no person. */
  valid: boolean;
  /** What the API has said of them. */
  refused?: Result;
}

/** Why a recipient cannot be sent as it is. */
export type Fault = Pick<Result, 'outcome' | 'until'>;

/** Outcomes that need nobody's attention. */
const FINE: Outcome[] = ['invited', 'joined', 'awaiting_approval'];
/** Outcomes of people who cannot be invited and need not be. */
const ALREADY_IN: Outcome[] = ['already_member', 'already_invited', 'duplicate'];

export const isFine = ({ outcome }: Result): boolean => FINE.includes(outcome);
export const isAlreadyIn = ({ outcome }: Result): boolean => ALREADY_IN.includes(outcome);
export const isRefused = (result: Result): boolean => !isFine(result) && !isAlreadyIn(result);

/** What is wrong with each recipient. It is asked anew with every change, for removing one may set another right. */
export function review(recipients: Recipient[], options: CommunityOptions): (Fault | undefined)[] {
  const seen = new Set<string>();
  let good = 0;
  return recipients.map(({ text, userId, valid, refused }) => {
    const key = userId ? `user ${userId}` : keyOf(text);
    const outcome = ((): Outcome | undefined => {
      if (!valid) return 'invalid_email';
      if (refused) return refused.outcome;
      if (seen.has(key)) return 'duplicate';
      if (!userId && !options.addressesAllowed) return 'not_connected';
      return good >= options.quota.left ? 'over_quota' : undefined;
    })();
    seen.add(key);
    if (!outcome) good++;
    const renewal = outcome === 'over_quota' ? Date.parse(options.quota.renewsAt) : undefined;
    return outcome && { outcome, until: refused?.until ?? renewal };
  });
}

/** Why, and until when. */
export function reasonOf(words: Words, { outcome, until }: Fault): string {
  return words.outcome(outcome) + (until ? ` (${words.say('until', { date: words.moment(until, 'short') })})` : '');
}
