/** Builds the bundle, and refuses one that is too large. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { build, transformSync } from 'esbuild';
import { minify } from 'terser';

const LIMIT = 30 * 1024;

const HERE = import.meta.dirname;

/** The words of all languages, and the keys that they all have. */
const { outputFiles: [locales] } = await build({
  entryPoints: [`${HERE}/src/locales/index.ts`],
  bundle: true,
  format: 'esm',
  write: false,
});
const { LOCALES } = await import(`data:text/javascript;base64,${Buffer.from(locales.contents).toString('base64')}`);
const GROUPS = ['outcomes', 'problems', 'statuses', 'deliveries'];
const keysOf = (messages) => [
  ...Object.keys(messages).filter((key) => !GROUPS.includes(key)),
  ...GROUPS.flatMap((group) => Object.keys(messages[group]).map((name) => `${group}.${name}`)),
];
const keys = keysOf(LOCALES.en);
/** The keys, those of a group behind its name. */
const packedKeys = ['', ...GROUPS].map((group) => `${group} ${keys.filter((key) => key.includes('.') ? key.startsWith(`${group}.`) : !group).map((key) => key.split('.').at(-1)).join(' ')}`).join('|');

/**
 * Packs the words, a quarter of the bundle: their keys once for all languages, and one text for each, which needs no quotation
 * marks. Arabic letters change places with Latin ones, so that they take one byte instead of two, and compress like them.
 */
const packWords = {
  name: 'pack-words',
  setup({ onLoad }) {
    onLoad({ filter: /src\/locales\/index\.ts$/ }, () => {
      const text = (messages) => keys.map((key) => packed(key.split('.').reduce((group, name) => group[name], messages))).join('\n');
      const texts = Object.fromEntries(Object.entries(LOCALES).map(([language, messages]) => [language, language === 'ar' ? swap(text(messages)) : text(messages)]));
      const contents = `${swap}${unpack} export const LOCALES = unpack(${JSON.stringify(packedKeys)}, ${JSON.stringify(texts)});`;
      return { contents, loader: 'js' };
    });
  },
};

/** A text; or its plurals, each behind a tab and its name. */
const packed = (text) => (typeof text === 'string' ? text : Object.entries(text).map(([form, one]) => `\t${form}\t${one}`).join(''));

function swap(text) {
  return text.replace(/[A-jء-ي]/g, (letter) => {
    const code = letter.charCodeAt();
    return String.fromCharCode(code < 128 ? code + 1504 : code - 1504);
  });
}

function unpack(keys, texts) {
  for (const language in texts) {
    const lines = (language === 'ar' ? swap(texts[language]) : texts[language]).split('\n');
    const messages = {};
    for (const part of keys.split('|')) {
      const [name, ...names] = part.split(' ');
      const group = name ? (messages[name] = {}) : messages;
      for (const key of names) {
        const [first, ...forms] = lines.shift().split('\t');
        group[key] = forms.length ? {} : first;
        for (let at = 0; at < forms.length; at += 2) group[key][forms[at]] = forms[at + 1];
      }
    }
    texts[language] = messages;
  }
  return texts;
}

/** Takes the white space of the source out of templates and style sheets. */
const tidyTemplates = {
  name: 'tidy-templates',
  setup({ onLoad }) {
    onLoad({ filter: /ui\/src\/.*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const contents = source
        .replace(/\bcss`([^`]*)`/g, (_, css) => `css\`${tidyCss(css)}\``)
        // A line break and its indentation in a template mean one blank at most, and none between tags and braces.
        .replace(/([>}])\n\s*(?=[<$])/g, '$1')
        .replace(/\n\s*(?=[.@?]?[a-z-]+=[$"])/g, ' ')
        .replace(/\n\s*(?=\/?>)/g, '');
      return { contents, loader: 'ts' };
    });
  },
};

/** Private custom properties in the order of their first use in the foundation, which has them all. */
const privates = [...new Set((await readFile(`${HERE}/src/styles/foundation.ts`, 'utf8')).match(/--_[\w-]+/g))];

function tidyCss(css) {
  const { code } = transformSync(css, { loader: 'css', minify: true, target: 'esnext' });
  const tight = code.trim().replace(/([:,]) (?=[^{}]*})/g, '$1').replace(/\\/g, '\\\\');
  return tight.replace(/--_[\w-]+/g, (name) => `--${privates.indexOf(name).toString(36)}_`);
}

const common = {
  bundle: true,
  format: 'esm',
  target: ['es2022'],
  legalComments: 'none',
  plugins: [tidyTemplates],
  absWorkingDir: HERE,
};

const { outputFiles } = await build({
  ...common,
  plugins: [packWords, ...common.plugins],
  entryPoints: ['src/index.ts'],
  write: false,
  minify: true,
  // What only the elements themselves use; Lit's own private names begin with `_$`.
  mangleProps: /^(_[a-z].*|say|show|words|attempt|renderProblem|renderSkeleton|asProblem|tell|act|reread|forget|api|problem|number|duration|load|offered|renderAnswer|renderSender|reloads|moment|away)$/,
  charset: 'utf8',
});
/** What the licence of Lit asks for, which is in the bundle. */
const NOTICE = '/*! MIT. Contains Lit, Copyright 2017 Google LLC, BSD-3-Clause */\n';
const { code } = await minify(outputFiles[0].text, {
  ecma: 2022,
  module: true,
  compress: { ecma: 2022, module: true, passes: 3, keep_fargs: false, pure_getters: true, unsafe_arrows: true, unsafe_methods: true },
  format: { comments: false },
});
const bundle = NOTICE + code;
await mkdir(`${HERE}/dist`, { recursive: true });
await writeFile(`${HERE}/dist/invitations.js`, bundle);
const size = gzipSync(bundle, { level: 9 }).length;
console.log(`dist/invitations.js: ${(size / 1024).toFixed(1)} KB gz (${size} bytes)`);
if (size > LIMIT) throw new Error(`more than ${LIMIT / 1024} KB`);
