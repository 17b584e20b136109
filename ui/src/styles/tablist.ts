import { css } from './css.js';

export const tablistStyles = css`
  .tabs {
    display: flex;
    gap: 0.25rem;
    overflow-x: auto;
    scrollbar-width: none;
    border-block-end: 1px solid var(--_line);
  }
  .tab {
    flex: none;
    min-height: 2.75rem;
    padding: 0.25rem 0.5rem;
    border: 0;
    border-block-end: 3px solid transparent;
    background: none;
    color: var(--_muted);
    font: inherit;
    font-size: 0.9375em;
    font-weight: 600;
    cursor: pointer;
  }
  .tab:focus-visible {
    outline-offset: -2px;
  }
  .tab[aria-selected='true'] {
    border-color: var(--_accent);
    color: var(--_text);
  }
  @media (forced-colors: active) {
    .tab {
      border-color: Canvas;
    }
    .tab[aria-selected='true'] {
      border-color: Highlight;
    }
  }
`;
