/** A page of a strict host, in a real browser, with the bundle in it. */
import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const HERE = import.meta.dirname;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

/** The strictest policy that a host can have: one script, requests to the API, and no template but Lit's. */
export const POLICY = ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'",
  "require-trusted-types-for 'script'", 'trusted-types lit-html'].join('; ');

export function launch() {
  const executablePath = process.env.CHROMIUM ?? BROWSERS.find(existsSync);
  if (!executablePath) throw new Error('Missing: Chromium. On Debian: sudo apt-get install -y chromium');
  return chromium.launch({ executablePath, args: FLAGS });
}

/** Keeps what a page says on its console, as its `errors`. */
export function listen(page) {
  page.setDefaultTimeout(60_000);
  page.errors = [];
  page.on('console', (message) => {
    // A refused answer of the API is part of many stories; Chromium notes it, the elements handle it.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) page.errors.push(message.text());
  });
  page.on('pageerror', (error) => page.errors.push(String(error)));
  return page;
}

/**
 * Opens a page on the API's own origin that holds `body`, and gives every element its properties.
 * `look` takes `locale`, `theme`, `width`, `forced`, `reduced`.
 */
export async function host(browser, { body, api, token, look = {}, mock, context: given, title = 'Host' }) {
  const { locale = 'en', theme = 'light', width = 900, height = 900, forced = false } = look;
  const context = given ?? (await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    forcedColors: forced ? 'active' : 'none',
    reducedMotion: 'reduce',
    locale,
    hasTouch: width < 500,
    deviceScaleFactor: look.scale ?? 1,
  }));
  const page = listen(await context.newPage());
  const { origin } = new URL(api);
  const html = `<!doctype html><html lang="${locale}" dir="${locale === 'ar' ? 'rtl' : 'ltr'}"><meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="${theme}">
    <title>${title}</title><script type="module" src="/host/host.js"></script><main><h1>${title}</h1>${body}</main></html>`;
  // A policy that forbids every style sheet but such as a script makes forbids the host's own, too.
  const css = `:root{background:light-dark(#f4f6fa,#101319);color:light-dark(#1b2230,#e8ebf1);font-family:system-ui}
    body{margin:0}main{max-width:44rem;margin:0 auto;padding:1rem;display:grid;gap:1.5rem;grid-template-columns:minmax(0,1fr)}
    h1{margin:0;font-size:1.5rem}`;
  const script = `import '/host/invitations.js';
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(${JSON.stringify(css)});
    document.adoptedStyleSheets = [sheet];
    window.events = [];
    window.asked = [];
    for (const name of ['before-action', 'action', 'before-send', 'send', 'count', 'problem'])
      addEventListener('invitation-' + name, ({ type, detail }) => window.events.push([type, detail]));
    const tokens = ${JSON.stringify([token ?? 'a.e30.b'].flat())};
    const getToken = async (options) => {
      window.asked.push(options?.renew ?? false);
      return tokens[Math.min(window.asked.filter(Boolean).length, tokens.length - 1)];
    };
    for (const element of document.querySelectorAll('main *'))
      if (element.localName.startsWith('invitation-'))
        Object.assign(element, { apiUrl: ${JSON.stringify(api)}, theme: ${JSON.stringify(theme)}, locale: ${JSON.stringify(locale)}, getToken });`;
  const files = {
    '/host/': ['text/html', html],
    '/host/host.js': ['text/javascript', script],
    '/host/invitations.js': ['text/javascript', await readFile(`${HERE}/../dist/invitations.js`, 'utf8')],
  };
  await page.route(`${origin}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    if (files[pathname]) {
      const [contentType, body] = files[pathname];
      return route.fulfill({ contentType: `${contentType}; charset=utf-8`, body, headers: { 'Content-Security-Policy': POLICY } });
    }
    return mock ? mock(route, pathname) : route.continue();
  });
  await page.goto(`${origin}/host/`);
  return page;
}

/** What axe finds fault with, in a few words. */
export async function violations(page) {
  await page.evaluate(await axeSource());
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, any, all }) => `${target.join(' ')} ${[...any, ...all].map((c) => c.message).join('; ').slice(0, 200)}`).join(' | ')}`);
}

let axe;
async function axeSource() {
  axe ??= await readFile(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
  return axe;
}
