import { css } from './css.js';

export const badgeStyles = css`
  :host {
    display: inline-block;
    container-type: normal;
  }
  .base {
    display: inline-flex;
    align-items: center;
    gap: 0.375rem;
  }
  .count {
    min-width: 1.5rem;
    padding: 0 0.375rem;
    border: 1px solid transparent;
    border-radius: 99rem;
    background: var(--_accent);
    color: var(--_on-accent);
    font-size: 0.8125em;
    font-weight: 700;
    font-variant-numeric: tabular-nums;
    line-height: 1.375rem;
    text-align: center;
  }
`;
