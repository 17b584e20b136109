import { css } from './css.js';

export const answeringStyles = css`
  .answers {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
  }
  .answers .quiet {
    margin-inline-start: auto;
  }
  .result {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    font-weight: 600;
  }
  .result svg {
    color: var(--_good);
  }
  @container (max-width: 26rem) {
    .answers > * {
      flex: 1 1 40%;
    }
    .answers .quiet,
    .asking .button {
      flex-basis: 100%;
    }
  }
`;
