/** How people and communities are named. */
import { html, type TemplateResult } from 'lit';
import type { Sender } from './api/schema.js';
import type { Words } from './words.js';

/** A person's or community's name, isolated, and linked where there is a link. */
export function named(name: string, url?: string): TemplateResult {
  const label = html`<bdi>${name}</bdi>`;
  return url && /^https?:/i.test(url) ? html`<a href=${url} part="link">${label}</a>` : label;
}

/** Whoever sends invitations, linked where there is a link. */
export function sentBy(words: Words, { displayName, profileUrl }: Sender): TemplateResult {
  return named(displayName ?? words.say('someone'), profileUrl);
}

/** The first letters of a name's first two words, for want of a picture. */
export function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => /\p{L}|\p{N}/u.test(word));
  return words.slice(0, 2).map((word) => [...word][0]!.toUpperCase()).join('');
}
