/** Builds the bundle, and refuses one that is too large. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { build, transformSync } from 'esbuild';
import { minify } from 'terser';
import { packWords } from './pack-words.mjs';

const LIMIT = 30 * 1024;

const HERE = import.meta.dirname;

/** Puts the packed words in place of the languages. */
const packLocales = {
  name: 'pack-locales',
  setup({ onLoad }) {
    onLoad({ filter: /src\/locales\/index\.ts$/ }, async ({ path }) => ({ contents: await packWords(path), loader: 'js' }));
  },
};

/** Puts in place of Lit's own style sheets what is left of them where `src/styles/css.ts` makes all there are. */
const nativeStyles = {
  name: 'native-styles',
  setup({ onLoad }) {
    onLoad({ filter: /reactive-element\/css-tag\.js$/ }, () => ({
      contents: `export const getCompatibleStyle = (sheet) => sheet;
        export const adoptStyles = (root, sheets) => { root.adoptedStyleSheets = sheets; };
        export let css, unsafeCSS, CSSResult, supportsAdoptingStyleSheets;`,
      loader: 'js',
    }));
  },
};

/** Takes out of Lit what asks for polyfills that no browser with the rest of it needs, and what counts its versions. */
const withoutPolyfills = {
  name: 'without-polyfills',
  setup({ onLoad }) {
    onLoad({ filter: /(reactive-element|lit-html|lit-element)\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const contents = source
        .replace(/[\w$]+\.\w+(Polyfill|Hydrate)Support/g, '(void 0)')
        .replace(/\([\w$]+\.\w+Versions\?\?=\[\]\)\.push\("[^"]*"\)/, 'void 0');
      if (/Versions|Support/.test(contents)) throw new Error(`${path} is not what it was`);
      return { contents, loader: 'js' };
    });
  },
};

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
        .replace(/\n\s*(?=[.@?]?[\w-]+=[$"])/g, ' ')
        .replace(/(html`)\n\s*|\n\s*(`)/g, '$1$2')
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
  plugins: [packLocales, nativeStyles, withoutPolyfills, ...common.plugins],
  entryPoints: ['src/index.ts'],
  write: false,
  minify: true,
  // What only the elements and Lit themselves use.
  mangleProps: /^(_[$a-z].*|say|show|words|attempt|renderProblem|renderSkeleton|renderWaiting|renderEmpty|renderMore|focusOn|asProblem|tell|act|reread|forget|api|problem|number|duration|load|offered|renderAnswer|moment|away|isWrong|isUpdatePending|renderOptions|renderBefore|getPropertyOptions|getPropertyDescriptor|elementStyles|shadowRootOptions|createRenderRoot|hasUpdated|willUpdate|addController|removeController|hostConnected|hostDisconnected|setConnected|fromAttribute|toAttribute|scheduleUpdate|performUpdate|enableUpdating)$/,
  charset: 'utf8',
});
/** What the licence of Lit asks for, which is in the bundle. */
const NOTICE = '/*! MIT. Contains Lit, Copyright 2017 Google LLC, BSD-3-Clause */\n';
const { code } = await minify(outputFiles[0].text, {
  ecma: 2022,
  module: true,
  compress: { ecma: 2022, module: true, passes: 3, keep_fargs: false, lhs_constants: false, pure_getters: true, unsafe_arrows: true, unsafe_methods: true },
  format: { comments: false, quote_style: 2 },
});
const bundle = NOTICE + code;
await mkdir(`${HERE}/dist`, { recursive: true });
await writeFile(`${HERE}/dist/invitations.js`, bundle);
const size = gzipSync(bundle, { level: 9 }).length;
console.log(`dist/invitations.js: ${(size / 1024).toFixed(1)} KB gz (${size} bytes)`);
if (size > LIMIT) throw new Error(`more than ${LIMIT / 1024} KB`);
