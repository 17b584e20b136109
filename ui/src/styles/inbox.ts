import { css } from './css.js';

export const inboxStyles = css`
  .earlier {
    margin-block-start: var(--_space);
  }
  .earlier h3 {
    margin-block-end: 0.5rem;
  }
`;
