/** How long the demo's page takes the first time: a figure to read, held against nothing, for it is the machine's as well. */
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { launch, listen } from './harness.mjs';
import { world } from './world.mjs';

const ROUNDS = 5;
let browser, here;

before(async () => {
  [browser, here] = await Promise.all([launch(), world()]);
});
after(() => browser?.close());

/** Whether every element has rendered what it has loaded; the badge shows nothing before its request is answered. */
const isShown = () => {
  const elements = [...document.querySelectorAll('[data-element] > *')];
  const counted = performance.getEntriesByType('resource').some(({ name, responseEnd }) => name.endsWith('/me/invitations/count') && responseEnd);
  // What waits in a closed preview is not loaded before it is opened.
  const waits = ({ shadowRoot }) => [...shadowRoot.querySelectorAll('.skeleton, [part=problem]')].some((part) => !part.closest('details'));
  const rendered = elements.every((element) => element.shadowRoot?.querySelector('.base') && !waits(element));
  return elements.length > 0 && counted && rendered && performance.now();
};

/** Opens the page in a browser that has nothing of it. */
async function load() {
  const page = listen(await (await browser.newContext({ locale: 'en', viewport: { width: 1280, height: 900 } })).newPage());
  const client = await page.context().newCDPSession(page);
  await client.send('Network.enable');
  const kinds = new Map();
  const bytes = { all: 0, elements: 0, api: 0, requests: 0 };
  client.on('Network.responseReceived', ({ requestId, response }) => {
    const api = response.url.startsWith(here.api);
    kinds.set(requestId, api && (response.url.includes('/ui/') ? 'elements' : 'api'));
  });
  client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const kind = kinds.get(requestId);
    bytes.all += encodedDataLength;
    bytes.requests++;
    if (kind) bytes[kind] += encodedDataLength;
  });
  await page.goto(here.demo, { waitUntil: 'commit' });
  const shown = await (await page.waitForFunction(isShown, null, { polling: 'raf' })).jsonValue();
  const { painted, loaded } = await page.evaluate(() => ({
    painted: performance.getEntriesByName('first-contentful-paint')[0].startTime,
    loaded: performance.getEntriesByType('resource').find(({ name }) => name.includes('/ui/')).responseEnd,
  }));
  assert.deepEqual(page.errors, []);
  await page.context().close();
  return { shown, painted, loaded, ...bytes };
}

test('the first load of the demo’s page, from nothing to the data of all elements', async (t) => {
  const loads = [];
  for (let round = 0; round < ROUNDS; round++) loads.push(await load());
  loads.sort((a, b) => a.shown - b.shown);
  const { shown, painted, loaded, all, elements, api, requests } = loads[Math.floor(ROUNDS / 2)];
  const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;
  t.diagnostic(`everything is shown after ${Math.round(shown)} ms (median of ${ROUNDS}); first paint ${Math.round(painted)} ms, bundle there ${Math.round(loaded)} ms`);
  t.diagnostic(`${requests} requests, ${kilobytes(all)}: elements ${kilobytes(elements)}, API ${kilobytes(api)}, the page itself ${kilobytes(all - elements - api)}`);
});
