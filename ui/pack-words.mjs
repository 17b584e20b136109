/**
 * Packs the words, a sixth of the bundle: their keys once for all languages, and one text for each language, which needs no
 * quotation marks. Codes that are said in the same words have one line. Arabic letters change places with Latin ones, so
 * that they take one byte instead of two, and compress like them.
 */
import { build } from 'esbuild';

const GROUPS = ['', 'outcomes', 'problems', 'statuses', 'deliveries'];

/** Makes the module of all languages anew, packed. */
export async function packWords(path) {
  const { outputFiles: [{ contents }] } = await build({ entryPoints: [path], bundle: true, format: 'esm', write: false });
  const { LOCALES } = await import(`data:text/javascript;base64,${Buffer.from(contents).toString('base64')}`);
  const groupOf = (messages, group) => (group ? messages[group] : messages);
  const lines = GROUPS.map((group) => {
    const rows = new Map();
    for (const key of Object.keys(groupOf(LOCALES.en, group)).filter((key) => group || !GROUPS.includes(key))) {
      const texts = Object.values(LOCALES).map((messages) => lineOf(groupOf(messages, group)[key]));
      const row = rows.get(String(texts)) ?? { keys: [], texts };
      rows.set(String(texts), row);
      row.keys.push(key);
    }
    return [...rows.values()];
  });
  const keys = lines.map((rows, index) => [GROUPS[index], ...rows.map((row) => row.keys.join('='))].join(' ')).join('|');
  const texts = Object.keys(LOCALES).map((language, index) => {
    const text = lines.flat().map((row) => row.texts[index]).join('\n');
    return [language, language === 'ar' ? swap(text) : text];
  });
  return `${swap}${unpack} export const LOCALES = unpack(${JSON.stringify(keys)}, ${JSON.stringify(Object.fromEntries(texts))});`;
}

/** A text; or its plurals, each behind a tab and its name. */
const lineOf = (text) => (typeof text === 'string' ? text : Object.entries(text).map(([form, one]) => `\t${form}\t${one}`).join(''));

function swap(text) {
  // But for the names of values and of plurals.
  return text.replace(/[{\t]\w+[}\t]|[A-jء-ي]/g, (found) => {
    const code = found.charCodeAt();
    return found[1] ? found : String.fromCharCode(code < 128 ? code + 1504 : code - 1504);
  });
}

function unpack(keys, texts) {
  for (const language in texts) {
    const lines = (language === 'ar' ? swap(texts[language]) : texts[language]).split('\n');
    const messages = {};
    for (const part of keys.split('|')) {
      const [name, ...rows] = part.split(' ');
      const group = name ? (messages[name] = {}) : messages;
      for (const row of rows) {
        const [first, ...forms] = lines.shift().split('\t');
        let text = first;
        if (forms.length) text = {};
        for (let at = 0; at < forms.length; at += 2) text[forms[at]] = forms[at + 1];
        for (const key of row.split('=')) group[key] = text;
      }
    }
    texts[language] = messages;
  }
  return texts;
}
