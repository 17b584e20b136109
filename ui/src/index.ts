/** All elements, registered. */
import { InvitationBadge } from './badge.js';
import { InvitationCard } from './card.js';
import { InvitationComposer } from './composer.js';
import { InvitationInbox } from './inbox.js';
import { InvitationManager } from './manager.js';
import { InvitationNotice } from './notice.js';

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
export type { MessageOverrides, Messages } from './words.js';
