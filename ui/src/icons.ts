import { html, type TemplateResult } from 'lit';

const icon = (path: string): TemplateResult => html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${path} /></svg>`;

export const cross = icon('M6 6l12 12M18 6L6 18');
export const tick = icon('M5 12.5l4.5 4.5L19 7.5');
export const alert = icon('M3 12a9 9 0 1 0 18 0a9 9 0 1 0-18 0M12 7.5v5.5M12 16.5v.01');
export const envelope = icon('M4 7l8 6 8-6M5 5h14a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2z');
export const bell = icon('M6 16v-5a6 6 0 0 1 12 0v5l1.5 2h-15zM10 21h4');
