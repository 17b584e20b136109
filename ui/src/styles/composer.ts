import { css } from './css.js';

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
    min-height: var(--_small);
    padding: 0.125rem 0.375rem;
    border: 0;
    outline: 0;
    background: none;
    color: inherit;
    font: inherit;
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
    min-height: var(--_small);
    padding: 0.125rem 0.25rem;
    border: 0;
    background: none;
    color: inherit;
    font: inherit;
    font-size: 0.9375em;
    text-align: start;
    cursor: pointer;
  }
  .chip .edit {
    padding-inline-start: 0.5rem;
    overflow-wrap: anywhere;
  }
  .chip .remove {
    flex: none;
    width: var(--_small);
    text-align: center;
    color: var(--_muted);
  }
  .chip svg {
    width: 1.125em;
    height: 1.125em;
    margin-inline-end: 0.25rem;
    vertical-align: -0.2em;
  }
  .remove svg {
    margin: 0;
  }
  .chip.wrong {
    border-color: var(--_tone);
    background: var(--_wash);
    color: var(--_tone);
  }
  .chip.wrong .remove {
    color: inherit;
  }
  .why {
    margin-inline-start: 0.25rem;
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
    padding: 0.25rem 0.5rem;
    border-radius: var(--_corner);
    cursor: pointer;
  }
  .people li[aria-selected='true'],
  .people li:hover {
    background: var(--_tint);
  }
  @media (forced-colors: active) {
    .people li[aria-selected='true'] {
      outline: 2px solid Highlight;
    }
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
  }
  .token {
    min-height: var(--_small);
    padding: 0 0.5rem;
    border: 1px solid var(--_line);
    border-radius: 99rem;
    background: var(--_surface);
    color: var(--_accent);
    font: inherit;
    font-size: 0.8125em;
    cursor: pointer;
  }
  .fault {
    display: flex;
    gap: 0.5rem;
    align-items: center;
    color: var(--_bad);
    font-size: 0.9375em;
    font-weight: 600;
  }
  #panel {
    margin-block-start: 0.75rem;
    border: 1px solid var(--_line);
    border-radius: var(--_corner);
    overflow: hidden;
  }
  .subject {
    padding: 0.5rem 1rem;
    border-block-end: 1px solid var(--_line);
    background: var(--_sunken);
  }
  .mail {
    color-scheme: light;
    contain: content;
    overflow: auto;
    background: #f2f4f8;
    color: #1b2430;
  }
  pre {
    margin: 0;
    padding: 1rem;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    font: 0.875em / 1.6 ui-monospace, monospace;
  }
  progress {
    width: 100%;
    height: 0.5rem;
    accent-color: var(--_accent);
  }
  .results details {
    display: block;
    padding-block: 0.125rem;
  }
  .results summary {
    color: inherit;
  }
  .rows {
    max-height: 18rem;
    overflow-y: auto;
  }
  .entry {
    color: var(--_text);
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
