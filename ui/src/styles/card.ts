import { css } from './css.js';

export const cardStyles = css`
  .head {
    display: flex;
    gap: 0.75rem;
    align-items: flex-start;
  }
  blockquote {
    padding-block: 0.125rem;
    padding-inline-start: 0.75rem;
    border-inline-start: 3px solid var(--_line);
  }
  .about {
    display: grid;
    gap: 0.5rem;
  }
`;
