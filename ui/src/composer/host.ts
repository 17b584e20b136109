import type { CommunityOptions } from '../api/schema.js';
import type { InvitationElement } from '../element.js';

/** What the parts of the composer need of it. */
export interface ComposerHost extends InvitationElement {
  communityId: string;
  /** What the caller may do in the community. Nothing of a part is shown before it is known. */
  readonly options?: CommunityOptions;
}
