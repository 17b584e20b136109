import { css } from './css.js';

export const managerStyles = css`
  .tools {
    display: flex;
    flex-wrap: wrap;
    gap: 0.75rem;
  }
  [type='search'] {
    flex: 1 1 12rem;
    width: 0;
  }
  .filter .button {
    border-radius: 99rem;
    border-color: var(--_line);
  }
  .filter .button[aria-pressed='true'] {
    border-color: var(--_accent);
    background: var(--_tint);
    box-shadow: inset 0 0 0 1px var(--_accent);
  }
  .bulk {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0.25rem 1rem;
    min-height: 3.25rem;
    padding: 0.25rem 0.5rem;
    border-radius: var(--_corner);
    background: var(--_sunken);
  }
  .check {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    min-height: 2.75rem;
    font-weight: 500;
    cursor: pointer;
  }
  input[type='checkbox'] {
    width: 1.25rem;
    height: 1.25rem;
    margin: 0;
    accent-color: var(--_accent);
  }
  .question {
    gap: 0.5rem;
    padding: var(--_space);
    border: 1px solid var(--_bad);
    border-radius: var(--_corner);
  }
  .item {
    display: grid;
    grid-template-columns: auto auto minmax(10rem, 1fr) auto;
    grid-template-areas: 'check avatar who marks' '. . does does' '. . said said';
    align-items: center;
    gap: 0 0.75rem;
    padding: 0.75rem 0.5rem;
    border-block-end: 1px solid var(--_line);
  }
  .item > .check {
    grid-area: check;
    width: 1.25rem;
  }
  .avatar {
    grid-area: avatar;
  }
  .who {
    grid-area: who;
    min-width: 0;
  }
  .marks {
    grid-area: marks;
    justify-content: flex-end;
  }
  .does {
    grid-area: does;
    gap: 0;
    padding-block-start: 0.25rem;
  }
  .does .button {
    padding-inline: 0.5rem;
    border-color: transparent;
    background: none;
    color: var(--_tone, var(--_accent));
  }
  .does .button:first-child {
    margin-inline-start: -0.5rem;
  }
  .said {
    grid-area: said;
    font-size: 0.875em;
    font-weight: 600;
    color: var(--_tone);
  }
  @media (forced-colors: active) {
    .filter .button[aria-pressed='true'] {
      background: Highlight;
      color: HighlightText;
      forced-color-adjust: none;
    }
  }
  @container (max-width: 34rem) {
    .item {
      grid-template-columns: auto auto minmax(0, 1fr);
      grid-template-areas: 'check avatar who' '. . marks' '. . does' '. . said';
    }
    .marks {
      justify-content: flex-start;
      padding-block-start: 0.375rem;
    }
  }
  @container (max-width: 24rem) {
    .item .avatar {
      display: none;
    }
    .item {
      grid-template-columns: auto minmax(0, 1fr);
      grid-template-areas: 'check who' '. marks' '. does' '. said';
    }
  }
`;
