/** The snippets of docs/embedding.md, as they stand there: hosts' pages beside the running stack, under the policy of that page. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import test, { after, before } from 'node:test';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { launch, listen } from './harness.mjs';
import { world } from './world.mjs';

const UI = `${import.meta.dirname}/..`;
/** Where the guide has the stack, and which community it is about. */
const STACK = 'https://invitations.example.org';
const COMMUNITY = 'chess';
const HOST = 'https://community.example.org';
let browser, guide, here;

before(async () => {
  [browser, guide, here] = await Promise.all([launch(), readFile(`${UI}/../docs/embedding.md`, 'utf8'), world()]);
  await here.community(COMMUNITY);
  const invited = ['ines', 'ivo', 'noor'].map((name) => here.people[name].userId);
  // Who accepted in a run before is invited anew.
  await Promise.all(invited.map((userId) => here.call('ada', 'DELETE', `/directory/communities/${COMMUNITY}/members/${userId}`)));
  await here.invite('milan', COMMUNITY, { userIds: invited });
});
after(() => browser?.close());

/** The snippets of a section of the guide, in their order. */
function snippets(heading) {
  const [, section] = guide.match(new RegExp(`\n## ${heading}\n([^]+?)(?=\n## )`));
  return [...section.matchAll(/```\w*\n([^]+?)```/g)].map(([, snippet]) => snippet);
}

/** Opens a host's page. The stack is where the guide says, as if a domain were in front of it. */
async function open(files, inline = '') {
  const [written] = snippets('Content Security Policy');
  // A script in the page itself needs to be named in any strict policy.
  const hash = inline && ` 'sha256-${createHash('sha256').update(inline).digest('base64')}'`;
  const policy = written.trim().replace(/\s+/g, ' ').replace("script-src 'self'", `$&${hash}`);
  const page = listen(await (await browser.newContext({ locale: 'en' })).newPage());
  await page.route(`${STACK}/**`, async (route) => {
    const { pathname, search } = new URL(route.request().url());
    const response = await route.fetch({ url: here.api + pathname + search });
    await route.fulfill({ response, headers: { ...response.headers(), 'access-control-allow-origin': '*' } });
  });
  /** The headers of the requests to the host, by path. */
  page.asked = new Map();
  await page.route(`${HOST}/**`, (route) => {
    const { pathname } = new URL(route.request().url());
    page.asked.set(pathname, route.request().headers());
    const [contentType, body] = files[pathname] ?? ['text/plain', ''];
    return route.fulfill({ contentType: `${contentType}; charset=utf-8`, body, headers: { 'Content-Security-Policy': policy } });
  });
  await page.goto(`${HOST}/`);
  page.done = async () => {
    assert.deepEqual(page.errors, []);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.context().close();
  };
  return page;
}

const html = (body) => ['text/html', `<!doctype html><html lang="en"><title>Chess</title>${body}</html>`];
const script = (text) => ['text/javascript', text];

/** Bundles a script as a host's build would. */
async function bundled(contents, { alias, loader = 'js' } = {}) {
  const { outputFiles } = await build({
    stdin: { contents, loader, resolveDir: UI },
    bundle: true,
    format: 'esm',
    write: false,
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    alias,
  });
  return script(outputFiles[0].text);
}

/** What a page with notice and composer shows to Ines, who is invited. */
async function showsInvitee(page) {
  await page.locator('invitation-notice .line').waitFor();
  await page.locator('invitation-composer').getByText('Only members may invite here.').waitFor();
}

test('plain HTML', async () => {
  const [snippet] = snippets('Plain HTML');
  const [, inline] = snippet.match(/<script type="module">([^]+?)<\/script>/);
  const page = await open({ '/': html(snippet), '/token': ['text/plain', here.people.ines.token] }, inline);
  await showsInvitee(page);
  await page.waitForFunction(() => document.querySelector('invitation-badge').count > 0);
  await page.done();
});

test('React, with the components of the package', async () => {
  const [snippet] = snippets('React');
  await promisify(execFile)(process.execPath, [`${UI}/package.mjs`]);
  const app = await bundled(
    `import { createRoot } from 'react-dom/client';
    const session = { token: () => fetch('/token').then((response) => response.text()) };
    ${snippet}
    createRoot(document.querySelector('#root')).render(<Invitations />);`,
    { alias: { 'invitation-elements/react': `${UI}/dist/react.js` }, loader: 'jsx' },
  );
  const body = '<div id="root"></div><script type="module" src="/app.js"></script>';
  const page = await open({ '/': html(body), '/app.js': app, '/token': ['text/plain', here.people.ivo.token] });
  const said = [];
  page.on('console', (message) => said.push(message.text()));
  const card = page.locator('invitation-inbox invitation-card').filter({ hasText: 'Harbour Gardeners' }).first();
  await card.locator('[part=accept]').click();
  await card.locator('.result').waitFor();
  assert.ok(said.includes('ACCEPT_COMMUNITY_INVITATION'), 'the component hears the event');
  await page.locator('invitation-composer').getByText(/Only members may invite here|Invite people/).first().waitFor();
  await page.done();
});

test('Rails: what its templates render, and the controller in Stimulus', async () => {
  const [templates, controller] = snippets('Rails');
  const body = templates
    .replace(/<%#.*%>\n/g, '')
    .replaceAll('<%= @community.id %>', COMMUNITY)
    .replace('<%= javascript_importmap_tags %>', '<script type="module" src="/assets/application.js"></script>');
  assert.ok(!body.includes('<%'), body);
  const application = await bundled(
    `import { Application } from '@hotwired/stimulus';
    ${controller.replace('export default class', 'class Invitations')}
    Application.start().register('invitations', Invitations);`,
  );
  const token = ['text/plain', here.people.ines.token];
  const page = await open({ '/': html(body), '/assets/application.js': application, '/invitations/token': token });
  await showsInvitee(page);
  await page.done();
});

test('WordPress: the modules and the shortcode that its functions print, and the module of the theme', async () => {
  const [functions, module] = snippets('WordPress');
  const [, elements] = functions.match(/wp_enqueue_script_module\('invitations', '(.+?)'\)/);
  const [, shortcode] = functions.match(/add_shortcode\('\w+', fn\(\) => '(.+?)'\)/);
  const [, file] = functions.match(/get_theme_file_uri\('(.+?)'\)/);
  const [, id] = functions.match(/add_filter\('script_module_data_([\w-]+)'/);
  const [, path] = module.match(/fetch\('(.+?)'/);
  // WordPress puts its version behind the address of every script.
  const body = `${shortcode}<script type="application/json" id="wp-script-module-data-${id}">{"nonce":"1a2b3c"}</script>
    <script type="module" src="${elements}?ver=6.8" id="invitations-js-module"></script>
    <script type="module" src="/${file}?ver=6.8" id="${id}-js-module"></script>`;
  const token = ['application/json', JSON.stringify(here.people.noor.token)];
  const page = await open({ '/': html(body), [`/${file}`]: script(module), [path]: token });
  await page.locator('invitation-card').first().waitFor();
  assert.equal(page.asked.get(path)['x-wp-nonce'], '1a2b3c');
  await page.done();
});
