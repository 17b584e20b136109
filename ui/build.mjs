/** Builds the bundle: `node build.mjs`; with `--package`, also what the package on npm has besides. */
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { execFileSync } from 'node:child_process';
import { build } from 'esbuild';

const LIMIT = 30 * 1024;

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
        .replace(/\n\s*(?=[.@?]?[a-z-]+=[$"])/g, ' ');
      return { contents, loader: 'ts' };
    });
  },
};

function tidyCss(css) {
  return css
    .replace(/\/\*[^]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};,]) ?/g, '$1')
    .replace(/: /g, ':')
    .replace(/;}/g, '}')
    .trim();
}

const common = {
  bundle: true,
  format: 'esm',
  target: ['es2022'],
  legalComments: 'none',
  plugins: [tidyTemplates],
  absWorkingDir: import.meta.dirname,
};

await build({
  ...common,
  entryPoints: ['src/index.ts'],
  outfile: 'dist/invitations.js',
  minify: true,
  // What only the elements themselves use; Lit's own private names begin with `_$`.
  mangleProps: /^_[a-z]/,
  charset: 'utf8',
});
const bundle = await readFile(`${import.meta.dirname}/dist/invitations.js`);
const size = gzipSync(bundle, { level: 9 }).length;
console.log(`dist/invitations.js: ${(size / 1024).toFixed(1)} KB gz`);
if (size > LIMIT) throw new Error(`more than ${LIMIT / 1024} KB`);
