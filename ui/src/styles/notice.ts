import { css } from './css.js';

export const noticeStyles = css`
  .line {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.75rem 1rem;
    padding: 0.75rem 1rem;
    border: 1px solid var(--_line);
    border-inline-start: 4px solid var(--_accent);
    border-radius: var(--_corner);
    background: var(--_surface);
    box-shadow: var(--_shadow);
  }
  .line > svg {
    color: var(--_accent);
  }
  .says {
    flex: 1 1 16rem;
    overflow-wrap: anywhere;
  }
  .close {
    margin-inline-start: auto;
    padding: 0.5rem;
    min-width: 2.75rem;
  }
`;
