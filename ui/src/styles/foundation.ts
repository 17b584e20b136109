/** The look that all elements share. Every colour and measure is a custom property that the host may set. */
import { css } from './css.js';

export const foundation = css`
  :host {
    display: block;
    --_font: var(--invitation-font, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif);
    --_size: var(--invitation-font-size, 1rem);
    --_text: var(--invitation-color-text, light-dark(#1b2230, #e8ebf1));
    --_muted: var(--invitation-color-muted, light-dark(#566073, #a8b1c1));
    --_surface: var(--invitation-color-surface, light-dark(#ffffff, #171b22));
    --_sunken: var(--invitation-color-sunken, light-dark(#f4f6fa, #1f252e));
    --_line: var(--invitation-color-line, light-dark(#e1e5ec, #2d3541));
    --_edge: var(--invitation-color-edge, light-dark(#838d9f, #768296));
    --_accent: var(--invitation-color-accent, light-dark(#2f55c8, #9db8ff));
    --_on-accent: var(--invitation-color-on-accent, light-dark(#ffffff, #0e1a38));
    --_tint: color-mix(in srgb, var(--_accent) 10%, var(--_surface));
    --_good: var(--invitation-color-good, light-dark(#17673a, #7ed8a3));
    --_warn: var(--invitation-color-warn, light-dark(#855000, #f0c26c));
    --_bad: var(--invitation-color-bad, light-dark(#b02318, #ffa198));
    --_radius: var(--invitation-radius, 0.75rem);
    --_corner: var(--invitation-radius-control, 0.5rem);
    --_space: var(--invitation-space, 1rem);
    --_shadow: var(--invitation-shadow, 0 1px 2px light-dark(#1b223014, #0004));
    --_focus: var(--invitation-color-focus, var(--_accent));
    --_small: 2.25rem;
    container-type: inline-size;
    color: var(--_text);
    font: var(--_size) / 1.5 var(--_font);
    text-align: start;
  }
  @media (pointer: coarse) {
    :host {
      --_small: 2.75rem;
    }
  }
  :host([hidden]) {
    display: none;
  }
  :host([theme='light']) {
    color-scheme: light;
  }
  :host([theme='dark']) {
    color-scheme: dark;
  }
  :host([theme='auto']) {
    color-scheme: light dark;
  }
  *,
  ::before {
    box-sizing: border-box;
  }
  h2,
  h3,
  p,
  ul,
  dl,
  dd,
  blockquote {
    margin: 0;
    padding: 0;
  }
  ul {
    list-style: none;
  }
  h2 {
    font-size: 1.25em;
    line-height: 1.3;
    font-weight: 650;
  }
  h3,
  .title {
    font-size: 1.0625em;
    line-height: 1.35;
    font-weight: 650;
  }
  a {
    color: var(--_accent);
  }
  .title a:not(:hover) {
    color: inherit;
    text-decoration: none;
  }
  b {
    font-weight: 650;
  }
  :focus-visible {
    outline: 2px solid var(--_focus);
    outline-offset: 2px;
  }
  [tabindex='-1']:focus {
    outline: none;
  }
  .stack {
    display: grid;
    gap: var(--_space);
    min-width: 0;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: calc(var(--_space) / 2);
  }
  .between {
    justify-content: space-between;
  }
  .grow {
    flex: 1 1 7rem;
    min-width: 0;
  }
  .muted {
    color: var(--_muted);
    font-size: 0.875em;
  }
  /* Each line runs as its own words do. With dir=auto, an isolated name that comes first would turn it round. */
  .wrap {
    overflow-wrap: anywhere;
    white-space: pre-line;
    unicode-bidi: plaintext;
  }
  .hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .panel {
    background: var(--_surface);
    border: 1px solid var(--_line);
    border-radius: var(--_radius);
    box-shadow: var(--_shadow);
    padding: calc(var(--_space) * 1.25);
  }
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.5em;
    min-height: 2.75rem;
    padding: 0.375rem 1.125rem;
    border: 1px solid var(--_edge);
    border-radius: var(--_corner);
    background: var(--_surface);
    color: var(--_text);
    font: inherit;
    font-weight: 600;
    line-height: 1.25;
    cursor: pointer;
  }
  .button:hover {
    background: var(--_sunken);
  }
  .button.primary {
    background: var(--_accent);
    border-color: var(--_accent);
    color: var(--_on-accent);
  }
  .button.primary:hover {
    background: color-mix(in oklab, var(--_accent) 88%, var(--_text));
  }
  .button.quiet {
    border-color: transparent;
    background: none;
    color: var(--_muted);
    padding-inline: 0.75rem;
  }
  .button.small {
    min-height: var(--_small);
    padding: 0.25rem 0.75rem;
    font-size: 0.875em;
  }
  .button[aria-disabled='true'] {
    opacity: 0.55;
    cursor: default;
  }
  .field {
    width: 100%;
    min-height: 2.75rem;
    padding: 0.5rem 0.75rem;
    border: 1px solid var(--_edge);
    border-radius: var(--_corner);
    background: var(--_surface);
    color: inherit;
    font: inherit;
  }
  ::placeholder {
    color: var(--_muted);
    opacity: 1;
  }
  label {
    font-weight: 600;
    font-size: 0.9375em;
  }
  .note {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0.5rem 1rem;
    padding: 0.75rem 1rem;
    border: 1px solid;
    border-radius: var(--_corner);
    overflow-wrap: anywhere;
  }
  .note > p {
    flex: 1 1 14rem;
  }
  .note a {
    color: inherit;
    font-weight: 600;
  }
  .entry {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0.25rem 1rem;
    padding-block: 0.5rem;
    border-block-start: 1px solid var(--_line);
  }
  .tag {
    display: inline-flex;
    align-items: center;
    gap: 0.35em;
    padding: 0.0625rem 0.5rem;
    border: 1px solid var(--_line);
    border-radius: 99rem;
    color: var(--_muted);
    font-size: 0.8125em;
    font-weight: 600;
    white-space: nowrap;
  }
  .good {
    --_tone: var(--_good);
  }
  .warn {
    --_tone: var(--_warn);
  }
  .bad {
    --_tone: var(--_bad);
  }
  .accent {
    --_tone: var(--_accent);
  }
  .good,
  .warn,
  .bad,
  .accent {
    --_wash: color-mix(in srgb, var(--_tone) 10%, var(--_surface));
  }
  .note,
  .tag {
    border-color: var(--_wash, var(--_line));
    background: var(--_wash, var(--_surface));
    color: var(--_tone, var(--_muted));
  }
  .button.bad {
    border-color: currentColor;
    color: var(--_tone);
  }
  .button.bad:hover {
    background: var(--_wash);
  }
  .avatar {
    flex: none;
    display: grid;
    place-items: center;
    width: 2.75rem;
    height: 2.75rem;
    border: 1px solid transparent;
    border-radius: var(--_corner);
    background: var(--_tint);
    color: var(--_accent);
    font-weight: 700;
  }
  .avatar.round {
    border-radius: 50%;
    width: 2.25rem;
    height: 2.25rem;
    font-size: 0.875em;
  }
  .empty {
    display: grid;
    justify-items: center;
    gap: 0.25rem;
    padding: 2.5rem 1rem;
    border: 1px dashed var(--_line);
    border-radius: var(--_radius);
    text-align: center;
  }
  .empty svg {
    width: 2.5rem;
    height: 2.5rem;
    color: var(--_muted);
  }
  svg.icon {
    flex: none;
    width: 1.25em;
    height: 1.25em;
    fill: none;
    stroke: currentColor;
    stroke-width: 2;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
  summary {
    min-height: 2.75rem;
    display: flex;
    align-items: center;
    gap: 0.5rem;
    color: var(--_accent);
    font-weight: 600;
    font-size: 0.9375em;
    cursor: pointer;
    border-radius: var(--_corner);
  }
  summary::-webkit-details-marker {
    display: none;
  }
  summary::before {
    content: '';
    width: 0.45em;
    height: 0.45em;
    margin-inline: 0.15em;
    border: solid currentColor;
    border-width: 0 2px 2px 0;
    rotate: -45deg;
  }
  summary:dir(rtl)::before {
    rotate: 135deg;
  }
  details[open] > summary::before {
    rotate: 45deg;
  }
  .skeleton {
    display: grid;
    gap: 0.5rem;
  }
  .skeleton > * {
    width: 75%;
    height: 0.75rem;
    border-radius: 1rem;
    background: var(--_line);
  }
  .skeleton i {
    width: 40%;
    height: 1rem;
  }
  @media (forced-colors: active) {
    .note,
    .tag,
    .avatar {
      border-color: currentColor;
    }
  }
`;
