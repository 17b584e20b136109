/** What needs no browser: how pasted text is read, beside the API's own examples; that every word is there. */
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { before } from 'node:test';
import { build } from 'esbuild';

const HERE = import.meta.dirname;
let source;
before(async () => {
  const { outputFiles } = await build({
    stdin: { contents: `export * from './composer/addresses.js'; export * from './composer/tokens.js'; export * from './words.js'; export { callerOf } from './tabs.js'; export { LOCALES } from './locales/index.js'`, resolveDir: `${HERE}/../src` },
    bundle: true, format: 'esm', write: false, charset: 'utf8',
  });
  source = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
  source.learn(source.LOCALES);
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

test('ten times as much takes about ten times as long, whatever it is', () => {
  const time = (piece, length) => {
    const text = piece.repeat(length / piece.length);
    const started = performance.now();
    source.entries(text);
    return performance.now() - started;
  };
  for (const piece of ['e@x.test\tErin Bar\n', 'a@b.test,', '"', '<(', 'a\n ', ', ', "'", 'Erin ', 'a@x.test <', '\\"']) {
    time(piece, 20_000);
    const [short, long] = [time(piece, 20_000), time(piece, 200_000)];
    assert.ok(long < short * 50 + 200, `${JSON.stringify(piece)}: ${short}, ${long}`);
  }
});

test('a token names whoever it stands for, and one that the host does not give nobody', async () => {
  const claims = Buffer.from(JSON.stringify({ sub: 'zoë', name: '???>' }), 'latin1').toString('base64url');
  assert.equal(await source.callerOf(() => `head.${claims}.signature`), 'zoë');
  assert.equal(await source.callerOf(async () => 'opaque'), 'opaque');
  const signedOut = new Error('signed out');
  for (const getToken of [() => Promise.reject(signedOut), () => { throw signedOut; }]) {
    assert.equal(await source.callerOf(getToken), '');
  }
});

/** The values of an enumeration of the contract. */
async function values(schema) {
  const contract = await readFile(`${HERE}/../../openapi.yaml`, 'utf8');
  const [, block] = contract.match(new RegExp(`\n    ${schema}:\n((?:      .*\n)+)`));
  return [...block.slice(block.indexOf('enum:')).matchAll(/- (\w+)/g)].map(([, value]) => value);
}

test('every outcome, problem, state and delivery of the contract has its words in every language', async () => {
  const groups = { Outcome: 'outcome', Code: 'problem', Status: 'status', DeliveryState: 'delivery' };
  for (const [schema, group] of Object.entries(groups)) {
    const all = await values(schema);
    assert.ok(all.length > 4, schema);
    for (const language of ['en', 'de', 'ar']) {
      const words = new source.Words(language);
      for (const value of all) {
        const text = words[group](value);
        assert.ok(text && text !== value, `${value} has no words in ${language}`);
        assert.ok(language === 'en' || text !== new source.Words('en')[group](value), `${value} is in English in ${language}`);
      }
    }
  }
});

test('a region keeps its language, an unknown one reads English, and the host’s own words go first', () => {
  assert.equal(new source.Words('de-AT').say('accept'), 'Annehmen');
  assert.equal(new source.Words('ar_EG').direction, 'rtl');
  assert.equal(new source.Words('fr').say('accept'), 'Accept');
  const words = new source.Words('en', { accept: 'Join', problems: { offline: 'Gone fishing' } });
  assert.deepEqual([words.say('accept'), words.say('decline'), words.problem('offline')], ['Join', 'Decline', 'Gone fishing']);
  assert.equal(words.problem('unavailable'), new source.Words('en').problem('unavailable'));
});

test('names in a sentence are isolated, and numbers have their plural', () => {
  assert.equal(new source.Words('en').say('remove', { name: 'נועה' }), 'Remove \u2068נועה\u2069');
  assert.equal(new source.Words('en').say('members', { n: 1284 }), '1,284 members');
  assert.equal(new source.Words('ar').say('members', { n: 2 }), 'عضوان');
});

test('tokens are those that the API takes for tokens', () => {
  const known = ['%sender%', '%community%', '%type%'];
  const tokens = (text) => source.segments(text, known).filter(({ token }) => token).map(({ text, token }) => `${token} ${text}`);
  assert.deepEqual(tokens('Hi %sender%, 100% sure of %nmae%'), ['known %sender%', 'unknown %nmae%']);
  assert.deepEqual(tokens('https://x.test/%adventure%20and%20more 5% and 6%'), []);
});

test('rows of a spreadsheet are their addresses, names beside them, and nothing else is lost', () => {
  const read = (file) => source.entriesOfRows(file).map(({ text, valid }) => (valid ? text : `! ${text}`));
  assert.deepEqual(read('Name,E-Mail\n"Berg, Ann",ann@x.test\r\nBen,ben@x.test\n'), ['ann@x.test', 'ben@x.test']);
  assert.deepEqual(read('ann@x.test;Ann\nBen;\nben@;Ben'), ['ann@x.test', '! Ben', '! ben@', '! Ben']);
});

/** All of the source, by path. */
async function sources() {
  const paths = (await readdir(`${HERE}/../src`, { recursive: true })).filter((path) => path.endsWith('.ts'));
  return new Map(await Promise.all(paths.map(async (path) => [path, await readFile(`${HERE}/../src/${path}`, 'utf8')])));
}

test('no file imports in a circle, types included', async () => {
  const imports = new Map([...await sources()].map(([path, text]) =>
    [path, [...text.matchAll(/^(?:import|export) [^;]*?from '(\.[^']+)\.js'/gm)].map(([, to]) => join(dirname(path), `${to}.ts`))]));
  assert.ok([...imports.values()].flat().length > 60);
  const done = new Set();
  const visit = (path, trail) => {
    assert.ok(!trail.includes(path), [...trail, path].join(' → '));
    if (done.has(path)) return;
    (imports.get(path) ?? []).forEach((to) => visit(to, [...trail, path]));
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
});

test('docs/embedding.md names every part, slot, event and custom property', async () => {
  const guide = await readFile(`${HERE}/../../docs/embedding.md`, 'utf8');
  const all = [...(await sources()).values()].join('\n');
  const found = (pattern) => [...new Set([...all.matchAll(pattern)].map(([, name]) => name))];
  const parts = found(/(?: part=|@csspart )"?([a-z]+)\b/g);
  assert.ok(parts.length > 15, String(parts));
  for (const name of [...parts, ...found(/<slot name="(\w+)"/g), ...found(/'(invitation-[a-z-]+)'[,)]/g)]) {
    assert.ok(guide.includes(`\`${name}\``) || guide.includes(`<${name}`), `${name} is missing`);
  }
  for (const name of found(/var\((--invitation-[\w-]+)/g)) {
    const short = name.replace('--invitation-color', '');
    assert.ok(guide.includes(`\`${name}\``) || guide.includes(`\`${short}\``), `${name} is missing`);
  }
});
