/** All elements, registered. */
// What is alike lies side by side in the bundle, where it compresses best: first the look, last the words;
// the order of the others is the smallest of those that were tried.
import './styles/index.js';
import { InvitationComposer } from './composer.js';
import { InvitationBadge } from './badge.js';
import { InvitationManager } from './manager.js';
import { InvitationInbox } from './inbox.js';
import { InvitationCard } from './card.js';
import { InvitationNotice } from './notice.js';
import { learn } from './words.js';
import { LOCALES } from './locales/index.js';

learn(LOCALES);

const elements = {
  'invitation-card': InvitationCard,
  'invitation-composer': InvitationComposer,
  'invitation-inbox': InvitationInbox,
  'invitation-manager': InvitationManager,
  'invitation-notice': InvitationNotice,
  'invitation-badge': InvitationBadge,
};

for (const [name, element] of Object.entries(elements)) {
  // A page may load the script twice.
  if (!customElements.get(name)) customElements.define(name, element);
}

export { InvitationBadge, InvitationCard, InvitationComposer, InvitationInbox, InvitationManager, InvitationNotice };
export { Problem, type GetToken } from './api/client.js';
export type { InvitationElement } from './element.js';
export type { MessageOverrides, Messages } from './messages.js';
