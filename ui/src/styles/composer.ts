import { css } from 'lit';

export const composerStyles = css`
  .field-group {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.375rem;
    min-width: 0;
  }
  .box {
    position: relative;
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.375rem;
    min-height: 2.75rem;
    padding: 0.375rem;
    border: 1px solid var(--_edge);
    border-radius: var(--_corner);
    background: var(--_surface);
    cursor: text;
  }
  .box:focus-within {
    outline: 2px solid var(--_focus);
    outline-offset: 1px;
  }
  .box.dropping {
    border-style: dashed;
    border-color: var(--_accent);
    background: var(--_tint);
  }
  #input {
    flex: 1 1 10rem;
    min-width: 0;
    min-height: 2rem;
    padding: 0.125rem 0.375rem;
    border: 0;
    outline: 0;
    background: none;
    color: inherit;
    font: inherit;
  }
  #input::placeholder {
    color: var(--_muted);
    opacity: 1;
  }
  .chips {
    display: contents;
  }
  .chip {
    display: inline-flex;
    max-width: 100%;
    border: 1px solid transparent;
    border-radius: var(--_corner);
    background: var(--_tint);
  }
  .chip button {
    display: flex;
    align-items: center;
    min-height: 2rem;
    min-width: 0;
    padding: 0.125rem 0.25rem;
    border: 0;
    border-radius: calc(var(--_corner) - 1px);
    background: none;
    color: inherit;
    font: inherit;
    font-size: 0.9375em;
    text-align: start;
    cursor: pointer;
  }
  .chip .edit {
    gap: 0 0.375rem;
    flex-wrap: wrap;
    padding-inline-start: 0.625rem;
    overflow-wrap: anywhere;
  }
  .chip bdi {
    min-width: 0;
  }
  .chip .remove {
    flex: none;
    justify-content: center;
    width: 2rem;
    color: var(--_muted);
  }
  .chip .remove:hover {
    color: var(--_text);
  }
  .chip .remove svg {
    width: 1em;
    height: 1em;
  }
  .chip.wrong {
    border-color: var(--_bad);
    background: var(--_bad-tint);
    color: var(--_bad);
  }
  .chip.wrong .remove {
    color: inherit;
  }
  .why {
    font-size: 0.875em;
    font-weight: 600;
  }
  .people {
    position: absolute;
    z-index: 10;
    inset-inline: -1px;
    inset-block-start: calc(100% + 0.375rem);
    max-height: 20rem;
    overflow-y: auto;
    padding: 0.375rem;
    border: 1px solid var(--_line);
    border-radius: var(--_corner);
    background: var(--_surface);
    box-shadow: 0 0.5rem 1.5rem light-dark(#1b22302b, #0009);
    cursor: default;
  }
  .people[hidden] {
    display: none;
  }
  .people li {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.25rem 0.75rem;
    min-height: 2.75rem;
    padding: 0.25rem 0.625rem;
    border-radius: calc(var(--_corner) - 2px);
    cursor: pointer;
  }
  .people li[aria-selected='true'],
  .people li:hover {
    background: var(--_tint);
  }
  .people li[aria-disabled] {
    color: var(--_muted);
    cursor: default;
  }
  .file:focus-within {
    outline: 2px solid var(--_focus);
  }
  .writing {
    display: grid;
  }
  .writing > * {
    grid-area: 1 / 1;
    font: inherit;
    line-height: 1.5;
  }
  .behind {
    padding: 0.5rem 0.75rem;
    border: 1px solid transparent;
    color: transparent;
    white-space: pre-wrap;
    overflow-wrap: break-word;
    pointer-events: none;
    z-index: 1;
  }
  textarea {
    resize: none;
    overflow: hidden;
    overflow-wrap: break-word;
  }
  mark {
    border-radius: 0.2em;
    background: color-mix(in srgb, var(--_accent) 16%, transparent);
    color: transparent;
  }
  mark.unknown {
    background: color-mix(in srgb, var(--_bad) 18%, transparent);
    text-decoration: underline wavy var(--_bad);
    text-decoration-skip-ink: none;
  }
  .token {
    min-height: 1.75rem;
    padding: 0 0.5rem;
    border: 1px solid var(--_line);
    border-radius: 99rem;
    background: var(--_surface);
    color: var(--_accent);
    font: inherit;
    font-size: 0.8125em;
    cursor: pointer;
  }
  .token:hover {
    background: var(--_tint);
  }
  @media (pointer: coarse) {
    .token,
    .chip button {
      min-height: 2.75rem;
    }
    .chip .remove {
      width: 2.75rem;
    }
  }
  .fault {
    display: flex;
    gap: 0.5rem;
    align-items: center;
    color: var(--_bad);
    font-size: 0.9375em;
    font-weight: 600;
  }
  .over {
    color: var(--_bad);
    font-weight: 700;
  }
  #panel {
    margin-block-start: 0.75rem;
    border: 1px solid var(--_line);
    border-radius: var(--_corner);
    overflow: hidden;
  }
  .subject {
    padding: 0.625rem 1rem;
    border-block-end: 1px solid var(--_line);
    background: var(--_sunken);
  }
  .mail {
    color-scheme: light;
    contain: content;
    max-height: 32rem;
    overflow: auto;
    background: #f2f4f8;
    color: #1b2430;
  }
  pre {
    margin: 0;
    padding: 1rem;
    max-height: 32rem;
    overflow: auto;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    font: 0.875em / 1.6 ui-monospace, monospace;
  }
  progress {
    width: 100%;
    height: 0.625rem;
    accent-color: var(--_accent);
  }
  .rows {
    max-height: 18rem;
    overflow-y: auto;
  }
  .rows li {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0.125rem 1rem;
    padding-block: 0.5rem;
    border-block-end: 1px solid var(--_line);
    overflow-wrap: anywhere;
  }
  .rows .tag {
    white-space: normal;
    border-radius: var(--_corner);
  }
  @container (max-width: 26rem) {
    .actions .button {
      width: 100%;
    }
  }
`;
