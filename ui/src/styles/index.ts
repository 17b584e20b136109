/** The look of all elements. */
export { foundation } from './foundation.js';
export { answeringStyles } from './answering.js';
export { badgeStyles } from './badge.js';
export { cardStyles } from './card.js';
export { composerStyles } from './composer.js';
export { inboxStyles } from './inbox.js';
export { managerStyles } from './manager.js';
export { noticeStyles } from './notice.js';
export { numbersStyles } from './numbers.js';
export { tablistStyles } from './tablist.js';
