import { svg, type SVGTemplateResult } from 'lit';

const icon = (path: SVGTemplateResult): SVGTemplateResult =>
  svg`<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${path}</svg>`;

export const cross = icon(svg`<path d="M6 6l12 12M18 6L6 18" />`);
export const tick = icon(svg`<path d="M5 12.5l4.5 4.5L19 7.5" />`);
export const alert = icon(svg`<circle cx="12" cy="12" r="9" /><path d="M12 7.5v5.5M12 16.5v.01" />`);
export const envelope = icon(svg`<rect x="3" y="5" width="18" height="14" rx="2" /><path d="M4 7l8 6 8-6" />`);
export const bell = icon(svg`<path d="M6 16v-5a6 6 0 0 1 12 0v5l1.5 2h-15zM10 21h4" />`);
export const search = icon(svg`<circle cx="11" cy="11" r="6" /><path d="M16 16l4 4" />`);
