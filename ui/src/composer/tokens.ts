/** The tokens of a message, read as the API reads them. */

export interface Segment {
  text: string;
  token?: 'known' | 'unknown';
}

/**
 * A token is a word of letters and underscores between per cent signs, so "100% sure" has none; nor has a link, in which
 * every per cent sign stands before two hexadecimal digits.
 */
const TOKEN = /(%(?![\da-f]{2})[a-z_]+%)/i;

/** Splits a message at its tokens. */
export function segments(message: string, known: string[]): Segment[] {
  return message.split(TOKEN).map((text, index) => (index % 2 ? { text, token: known.includes(text) ? 'known' : 'unknown' } : { text }));
}
