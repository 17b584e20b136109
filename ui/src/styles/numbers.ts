import { css } from './css.js';

export const numbersStyles = css`
  .figures {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr));
    gap: 0.75rem;
  }
  .figure {
    display: flex;
    flex-direction: column;
    padding: 0.75rem;
    border: 1px solid var(--_line);
    border-radius: var(--_corner);
    background: var(--_sunken);
  }
  .figure dt {
    order: 1;
  }
  .figure dd {
    font-size: 1.5em;
    font-weight: 650;
    line-height: 1.3;
  }
  .figure .plot {
    display: flex;
    flex-wrap: wrap;
    justify-content: space-between;
    order: 2;
    margin-block-start: auto;
    padding-block-start: 0.5rem;
    font: inherit;
    font-size: 0.75em;
  }
  .plot svg {
    width: 100%;
    height: 3rem;
    border-block: 1px solid var(--_edge);
    border-block-start-style: dotted;
  }
  svg {
    display: block;
  }
  svg:dir(rtl) {
    transform: scaleX(-1);
  }
  rect,
  .plot path {
    fill: var(--_tone, var(--_edge));
  }
  .scroll {
    max-height: 20rem;
    overflow: auto;
    border-block-end: 1px solid var(--_line);
  }
  table {
    width: 100%;
    border-collapse: collapse;
    font-variant-numeric: tabular-nums;
  }
  th {
    font-weight: 500;
  }
  th[scope='row'] {
    text-align: start;
    padding-inline-end: 0.75rem;
  }
  thead {
    position: sticky;
    inset-block-start: 0;
    background: var(--_surface);
    font-size: 0.875em;
  }
  thead th {
    text-align: end;
    padding-inline-start: 0.75rem;
  }
  tr > * {
    padding-block: 0.375rem;
  }
  td {
    text-align: end;
    padding-inline-start: 0.75rem;
    white-space: nowrap;
  }
  .bar {
    width: 60%;
    padding: 0;
  }
  @media (forced-colors: active) {
    rect,
    .plot path {
      fill: CanvasText;
    }
  }
  @container (max-width: 34rem) {
    .bar {
      width: 35%;
    }
  }
`;
