/**
 * Addresses as people paste them: the API's own reader (`shared/domain/src/email/list.rs`), so that what is pasted shows
 * at once as what it will be sent as. A test reads the same texts with both.
 */

/** An address, or text that is none, as it was pasted. */
export interface Entry {
  text: string;
  valid: boolean;
}

const LINE_END = /[\n\r\v\f\x85\u2028\u2029]/;
/** Marks without a shape: what Unicode calls ignorable by default, the blank of Braille, what stands around annotations and objects. */
const MARK = /[\p{DI}\u2800\uFFF9-\uFFFC]/u;
const UNSEEN = new RegExp(`[\\p{White_Space}\\p{Cc}${MARK.source.slice(1)}`, 'u');
const around = (what: string): RegExp => new RegExp(`^(${what})+|(${what})+$`, 'gu');
const AROUND = around(UNSEEN.source);
const QUOTED = around(UNSEEN.source + '|"');
const END_OF_WORD = /[\p{White_Space},;"<>()]/u;
/** What ends a sentence or a bracket behind an address. */
const STOPS = /[.。｡:\]!]+$/;
const LOCAL_PART = /^(?!\.)(?!.*\.(\.|$))[\w.!#$%&'*+/=?^`{|}~-]{1,64}$/;
/** Labels of at most 63 characters, of which the last is no number. */
const DOMAIN = /^([a-z\d]([a-z\d-]{0,61}[a-z\d])?\.)+(xn--[a-z\d-]{0,58}[a-z\d]|[a-z]{2,63})$/i;
const LONGEST = 254;

/** What looks like another character: set by a typographer, or of East Asian width. */
const MEANT: [string, string][] = [
  ['“”„‟«»″〝〞', '"'],
  ['‘’‚‛′', "'"],
  ['‹〈《', '<'],
  ['›〉》', '>'],
  ['、،﹐﹑､', ','],
  ['؛﹔', ';'],
];
const LOOKALIKES = new Map(MEANT.flatMap(([all, one]) => [...all].map((c) => [c, one] as const)));

function meant(c: string): string {
  const code = c.codePointAt(0)!;
  return code >= 0xff01 && code <= 0xff5e ? String.fromCharCode(code - 0xfee0) : (LOOKALIKES.get(c) ?? c);
}

/** Takes away what is not seen around a text. */
export const trim = (text: string): string => text.replace(AROUND, '');

/** Reads a pasted list, entry by entry. What is blank is no entry. */
export function entries(pasted: string): Entry[] {
  return new Reader(pasted.replace(LINK, spelledOut)).read();
}

/** A link that writes a mail (RFC 6068), up to its end: there may be commas between those whom it names. */
const LINK = /(?<![\wà-ÿ=:/.-])mailto:((?:[^\s,;"<>()]|[,;](?=[^\s,;"<>()[]*(?:@|%40)))*)/gi;

/** All whom a link names, each once; a link that names nobody as it is. */
function spelledOut(whole: string, link: string): string {
  const [path, ...query] = link.replaceAll('+', '%2B').split('?');
  const fields = new URLSearchParams(`to=${path!.replaceAll('&', '%26')}&${query.join('?')}`);
  const named = [...fields].flatMap(([field, list]) => (/^(to|b?cc)$/i.test(field) ? list.split(/[,;]/) : []));
  const keys = named.map((one) => one.toLowerCase());
  return named.some(addressIn) ? named.filter((_, at) => keys.indexOf(keys[at]!) === at).join() : whole;
}

/** An address as it is compared: in lower case, with its domain in ASCII. */
export function keyOf(address: string): string {
  const at = address.lastIndexOf('@');
  return (address.slice(0, at + 1) + asciiDomain(address.slice(at + 1))).toLowerCase();
}

class Reader {
  /** The text, character by character: as it was written, and as it is meant. */
  readonly #written: string[];
  readonly #meant: string[];
  readonly #found: Entry[] = [];
  #at = 0;
  /** Where text began that belongs to no address yet, and where it ends: a name, if an address follows. */
  #unread?: [number, number];
  /** Up to where quotes mean nothing: they are around text that is read like any other, or do not close. */
  #quotesRead = 0;
  /** Whether only white space has come since an address. */
  #followsAddress = false;
  /** Whether there is an address on the line: what its other cells say is about it. */
  #rowHasAddress = false;

  constructor(text: string) {
    this.#written = [...text];
    this.#meant = this.#written.map(meant);
  }

  read(): Entry[] {
    while (this.#at < this.#meant.length) {
      const c = this.#meant[this.#at]!;
      if (LINE_END.test(c)) this.#endLine();
      else if (UNSEEN.test(c) || '>)]'.includes(c)) this.#at++;
      else if (c === ',') this.#comma();
      else if (c === ';') this.#separate();
      else if (c === '"') this.#quote();
      else if ('<(['.includes(c)) this.#bracket(c);
      else this.#word(this.#at);
    }
    this.#leave();
    return this.#found;
  }

  #slice(from: number, to: number): string {
    return this.#written.slice(from, to).join('');
  }

  #meaning(from: number, to: number): string {
    return this.#meant.slice(from, to).join('');
  }

  #seek(from: number, wanted: (c: string) => boolean): number {
    for (let at = from; at < this.#meant.length; at++) if (wanted(this.#meant[at]!)) return at;
    return -1;
  }

  /** Takes the text up to `to` for a part of a name, unless it is only a sign behind an address. */
  #keep(to: number): void {
    if (!this.#followsAddress || /[\p{Alphabetic}\p{N}]/u.test(this.#slice(this.#at, to))) {
      this.#unread = [this.#unread?.[0] ?? this.#at, to];
      this.#followsAddress = false;
    }
    this.#at = to;
  }

  /** Ends what has been read and belongs to no address: text that is none. */
  #leave(): void {
    this.#followsAddress = false;
    const [from, to] = this.#unread ?? [0, 0];
    const text = trim(this.#slice(from, to));
    this.#unread = undefined;
    let before = from;
    while (this.#written[before - 1] === ' ') before--;
    const isRemark = this.#rowHasAddress && this.#written[before - 1] === '\t';
    if (text && !isRemark) this.#found.push({ text, valid: false });
  }

  #separate(): void {
    this.#at++;
    this.#leave();
  }

  /** An address, or text that was to be one, up to `to`. What stands before it is its name. */
  #add(address: string | undefined, to: number): void {
    const from = this.#unread?.[0] ?? this.#at;
    this.#unread = undefined;
    this.#at = to;
    this.#followsAddress = address !== undefined;
    this.#rowHasAddress ||= this.#followsAddress;
    this.#found.push({ text: address ?? trim(this.#slice(from, to)), valid: this.#followsAddress });
  }

  /** A line that ends between a name and its address was folded, if the next one is indented. */
  #endLine(): void {
    const bracket = this.#unread ? this.#bracketAfter(this.#at) : -1;
    if (this.#meant[bracket] === '<') this.#at = bracket;
    else {
      this.#separate();
      this.#rowHasAddress = false;
    }
  }

  /** Where the bracket opens behind white space and folded lines. */
  #bracketAfter(from: number): number {
    const at = this.#seek(from, (c) => !UNSEEN.test(c));
    if (at < 0 || !'<(['.includes(this.#meant[at]!)) return -1;
    const last = this.#meaning(from, at).split(LINE_END);
    return last.length === 1 || /[ \t]/.test(last.at(-1)!) ? at : -1;
  }

  /** "Smith, Alice <alice@example.org>": mail programs write names with commas so. */
  #comma(): void {
    const ahead = this.#seek(this.#at + 1, (c) => '<@,;"'.includes(c) || LINE_END.test(c));
    if (this.#unread && this.#meant[ahead] === '<') this.#at++;
    else this.#separate();
  }

  /** Quotes are around a name, around a local part that no mail service takes, or around addresses. */
  #quote(): void {
    const from = this.#at + 1;
    if (this.#at < this.#quotesRead) return void this.#at++;
    const close = this.#closingQuote(from);
    if (close < 0) {
      const end = this.#seek(from, (c) => LINE_END.test(c));
      this.#quotesRead = end < 0 ? this.#meant.length : end;
      return void this.#at++;
    }
    if (this.#meant[close + 1] === '@') return this.#word(close + 1);
    const content = this.#meaning(from, close);
    const names = this.#meant[this.#bracketAfter(close + 1)] === '<';
    if (names || (trim(content) && !content.includes('@'))) return this.#keep(close + 1);
    this.#quotesRead = close + 1;
    this.#at++;
  }

  /** Where a quote closes, on the same line, that opened before `from`. */
  #closingQuote(from: number): number {
    let escaped = false;
    const at = this.#seek(from, (c) => {
      const ends = (c === '"' && !escaped) || LINE_END.test(c);
      escaped = c === '\\' && !escaped;
      return ends;
    });
    return this.#meant[at] === '"' ? at : -1;
  }

  /** Brackets are around an address, around several, or around a remark. */
  #bracket(open: string): void {
    const inside = this.#bracketed(this.#at);
    if (!inside) return void this.#at++;
    const [content, behind] = inside;
    if (content.includes('@')) {
      // Several addresses, or text around one, are read like any other text.
      if (END_OF_WORD.test(content.replace(QUOTED, ''))) return void this.#at++;
      const address = addressIn(content);
      if ((address || open === '<') && !this.#namesWhatFollows(open, address, behind)) return this.#add(address, behind);
    } else if (open === '(' && this.#followsAddress) return void (this.#at = behind);
    this.#keep(behind);
  }

  /**
   * Whether a bracket with an address in it, which ended before `from`, is a part of the name of the address that follows on the
   * line: a comment as in "Erin (old@x.test) <e@x.test>", or the same address.
   */
  #namesWhatFollows(open: string, address: string | undefined, from: number): boolean {
    const next = this.#bracketAfter(this.#meant[from] === "'" ? from + 1 : from);
    const pair = open + this.#meant[next];
    const named = LINE_END.test(this.#meaning(from, next)) ? undefined : this.#bracketed(next)?.[0].split(',').map(addressIn);
    const isName = (one?: string): boolean => one !== undefined && (pair === '(<' || (open === '[' && keyOf(one) === keyOf(address ?? '')));
    return !!named?.some(isName);
  }

  /** What stands in a bracket that opens at `open`, and where it ends; on one line, without a bracket in it. */
  #bracketed(open: number): [string, number] | undefined {
    const close = this.#seek(open + 1, (c) => '<([>)]'.includes(c) || LINE_END.test(c));
    const pair = this.#meant[open]! + this.#meant[close];
    return ['<>', '()', '[]'].includes(pair) ? [this.#meaning(open + 1, close), close + 1] : undefined;
  }

  /** A word that ends at or behind `from`: an address if it has an at sign, else a part of a name. */
  #word(from: number): void {
    const found = this.#seek(from, (c) => END_OF_WORD.test(c));
    const end = found < 0 ? this.#meant.length : found;
    const word = this.#meaning(this.#at, end);
    if (!word.includes('@')) return this.#keep(end);
    const address = addressIn(word);
    // "alice@example.org <mailto:alice@example.org>" is one address and its link, which may name others, too.
    const bracket = address === undefined ? -1 : this.#bracketAfter(end);
    const first = bracket < 0 ? undefined : this.#bracketed(bracket)?.[0].split(',')[0];
    const linked = first && addressIn(first);
    this.#add(address, linked && keyOf(linked) === keyOf(address!) ? bracket + 1 + [...first].length : end);
  }
}

/** Reads a word, as it is meant, that is to be an address. */
function addressIn(word: string): string | undefined {
  // Spreadsheets mark text with a single apostrophe.
  const text = word.replace(QUOTED, '').replace(STOPS, '').replace(/^'+|'+$/g, '');
  const bare = trim(withoutLabel(withoutMarks(text))?.replace(STOPS, '') ?? '');
  return isAddress(bare) ? bare : undefined;
}

/** Takes out the marks that came with an address. Between letters that are not ASCII a joiner is a part of the name. */
function withoutMarks(word: string): string {
  let before = 'a';
  const kept = [...word].filter((c) => {
    const keep = !MARK.test(c) || ('\u200C\u200D'.includes(c) && before > '\x7F');
    if (keep) before = c;
    return keep;
  });
  while (kept.length && MARK.test(kept.at(-1)!)) kept.pop();
  return kept.join('');
}

/** Takes away what labels an address, such as `mailto:` or `Cc:`. */
function withoutLabel(word: string): string | undefined {
  return word.includes(':') ? /^[a-z-]+:(?!\/)([^]*)$/i.exec(word)?.[1] : word;
}

/** Whether mail can be sent to an address. */
function isAddress(text: string): boolean {
  const at = text.lastIndexOf('@');
  const domain = asciiDomain(text.slice(at + 1));
  return at > 0 && LOCAL_PART.test(text.slice(0, at)) && !!domain && at + domain.length < LONGEST;
}

/** The domain in ASCII, if the public mail system can have it. The browser's own URLs know how. */
function asciiDomain(domain: string): string | undefined {
  if (/[\s/?#@:\\%[\]]/.test(domain)) return undefined;
  let ascii = domain;
  try {
    // A last name of digits only would be read as a number, so a name is put behind it.
    if (!/^[\x21-\x7F]*$/.test(domain)) ascii = new URL(`http://${domain}.x`).hostname.slice(0, -2);
  } catch {
    return undefined;
  }
  return DOMAIN.test(ascii) ? ascii : undefined;
}

/**
 * Reads a file of rows, from a spreadsheet: a row's addresses are its entries, and what stands beside one is its name.
 * A row without any is an entry too, but for one that heads the columns.
 */
export function entriesOfRows(file: string): Entry[] {
  const rows = file.split(/\r\n|[\n\r]/).map((row) => ({ row, found: entries(row) }));
  return rows.flatMap(({ row, found }, index) => {
    const valid = found.filter((entry) => entry.valid);
    if (valid.length) return [...valid, ...found.filter((entry) => !entry.valid && entry.text.includes('@'))];
    return index === 0 && !row.includes('@') && /mail|add?ress|بريد/i.test(row) ? [] : found;
  });
}
