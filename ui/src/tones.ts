import type { DeliveryState, Outcome, Status } from './api/schema.js';

const TONES: Partial<Record<Status | DeliveryState | Outcome, string>> = {
  awaiting_approval: 'warn',
  pending: 'accent',
  accepted: 'good',
  delivered: 'good',
  failed: 'bad',
  bounced: 'bad',
  complained: 'bad',
  invited: 'good',
  joined: 'good',
};

/** The colour of a state, which its word always goes with. */
export const tone = (state: Status | DeliveryState | Outcome): string => TONES[state] ?? '';
