/** What needs no browser: how pasted text is read, beside the API's own examples; that every word is there. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test, { before } from 'node:test';
import { build } from 'esbuild';

const HERE = import.meta.dirname;
let source;
before(async () => {
  const { outputFiles } = await build({
    stdin: { contents: `export * from './addresses.js'; export * from './words.js'; export * from './message.js'`, resolveDir: `${HERE}/../src` },
    bundle: true, format: 'esm', write: false, charset: 'utf8',
  });
  source = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
});

/** The examples of the API's own tests: Rust strings, read as such. */
async function examples() {
  const rust = await readFile(`${HERE}/../../shared/domain/src/email/list/tests.rs`, 'utf8');
  const string = String.raw`"((?:[^"\\]|\\[^])*)"`;
  const cases = rust.split('#[test]').slice(1, 4).join('').matchAll(new RegExp(String.raw`\(\s*${string},\s*&\[((?:\s*"(?:[^"\\]|\\[^])*",?)*\s*)\](?:\[\.\.\])?,?\s*\)`, 'g'));
  const read = (text) => text.replace(/\\(u\{(\w+)\}|.)/g, (_, c, hex) =>
    hex ? String.fromCodePoint(parseInt(hex, 16)) : { n: '\n', r: '\r', t: '\t' }[c] ?? c);
  return [...cases].map(([, pasted, list]) => [read(pasted), [...list.matchAll(new RegExp(string, 'g'))].map(([, text]) => read(text))]);
}

test('pasted text is read as the API reads it', async () => {
  const all = await examples();
  assert.ok(all.length > 55, `only ${all.length} examples were found`);
  for (const [pasted, expected] of all) {
    const read = source.entries(pasted).map(({ text, valid }) => (valid ? text : `! ${text}`));
    assert.deepEqual(read, expected, JSON.stringify(pasted));
  }
});
