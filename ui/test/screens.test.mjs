/** What people see and do, in a real browser, on the running stack, under the strictest policy a host can have. */
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import test, { after, before } from 'node:test';
import { host, launch, violations } from './harness.mjs';
import { world } from './world.mjs';

const SHOTS = `${import.meta.dirname}/screenshots`;
const RUN = `ui-${Date.now().toString(36)}`;
const LOOKS = {
  light: {},
  dark: { theme: 'dark' },
  'right-to-left': { locale: 'ar', width: 375 },
  // The longest words in the narrowest window.
  phone: { locale: 'de', width: 320, height: 640 },
  'forced-colours': { forced: true },
};
/** Members invite whom they like, and as many as a day of test runs takes. */
const FREE = { membersInviteConnectionsOnly: false, dailyInvitationsPerSender: 1_000_000 };
let browser, here;

before(async () => {
  await mkdir(SHOTS, { recursive: true });
  [browser, here] = await Promise.all([launch(), world()]);
});
after(() => browser?.close());

/** A page of the elements named, for one person, which must end without a word on the console. */
async function page(who, body, options = {}) {
  const opened = await host(browser, { body, api: here.api, token: here.people[who].token, ...options });
  opened.done = async () => {
    assert.deepEqual(opened.errors, []);
    await opened.context().close();
  };
  return opened;
}

const element = (name, id = '') => `<invitation-${name} ${id}></invitation-${name}>`;
const events = (opened, name) => opened.evaluate((name) => window.events.filter(([type]) => type === name).map(([, detail]) => detail), `invitation-${name}`);

/** Pastes a text, as a keyboard would. */
const paste = (opened, text) =>
  opened.locator('#input').evaluate((input, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', text);
    input.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, text);

const chips = (opened) => opened.locator('.chip .edit').allInnerTexts();

/** Looks at a screen: nothing to find fault with, nothing that sticks out. */
async function look(opened, name, { width = 900 } = {}) {
  await opened.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
  assert.deepEqual(await violations(opened), [], name);
  const content = await opened.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(content <= width, `${name} is ${content} pixels wide, in a window of ${width}`);
}

test('every screen is accessible, quiet and as wide as its window, in every look', async (t) => {
  const id = await here.community(`${RUN}-looks`, { enrolment: 'closed' });
  const { ines, ivo, noor } = here.people;
  await here.settings(FREE, () => here.invite('mei', id, { userIds: [ivo.userId], emails: [`${RUN}@example.org`] }));
  await here.invite('milan', id, { userIds: [ines.userId], emails: [`pending-${RUN}@example.org`], message: 'Come and dig with us!\n\n%sender%' });
  await here.invite('milan', id, { userIds: [noor.userId] });
  const [{ id: invitation }] = (await here.call('ines', 'GET', '/me/invitations?limit=100')).invitations.filter(({ communityId }) => communityId === id);
  for (const [name, options] of Object.entries(LOOKS)) {
    await t.test(name, async () => {
      const managing = await page('milan', element('composer', `community-id="${id}"`) + element('manager', `community-id="${id}"`), { look: options });
      await managing.locator('#input').waitFor();
      await paste(managing, 'ann@example.org, Bo <bo@example.org>; nobody@, ann@example.org');
      await managing.locator('.preview summary').click();
      await managing.locator('.mail').waitFor();
      await managing.locator('.item').first().waitFor();
      await look(managing, `moderator-${name}`, options);
      const tabs = managing.locator('invitation-manager [role=tab]');
      await tabs.nth(2).click();
      await managing.locator('.filter').waitFor();
      await tabs.nth(3).click();
      await managing.locator('.plot').first().waitFor();
      await look(managing, `numbers-${name}`, options);
      await managing.done();

      const answering = await page('ines', element('badge') + element('notice', `community-id="${id}"`) + element('inbox') + element('card', `invitation-id="${invitation}"`), { look: options });
      await answering.locator('.count').waitFor();
      await answering.locator('.line').waitFor();
      await answering.locator('invitation-inbox invitation-card').first().waitFor();
      await answering.locator('main > invitation-card .about').waitFor();
      await answering.locator('main > invitation-card .quiet').click();
      await answering.locator('#asked').waitFor();
      await look(answering, `invitee-${name}`, options);
      await answering.done();
    });
  }
});

test('a whole invitation by keyboard alone, from the search for a name to the answer', async () => {
  const id = await here.community(`${RUN}-keys`);
  const composing = await page('milan', element('composer', `community-id="${id}"`));
  await composing.locator('#input').waitFor();
  const press = (key, times = 1) => Array.from({ length: times }).reduce((before) => before.then(() => composing.keyboard.press(key)), Promise.resolve());
  await press('Tab');
  await composing.keyboard.type('noor', { delay: 20 });
  await composing.locator('[role=option][aria-selected=true]').waitFor();
  // Whoever closes the list means what they have typed.
  await press('Escape');
  await press('Enter');
  assert.match((await chips(composing))[0], /^noor\s+Is not an email address/);
  await press('ArrowLeft');
  await press('Enter');
  await composing.keyboard.type('noor', { delay: 20 });
  await composing.locator('[role=option][aria-selected=true]').waitFor();
  await press('Enter');
  await composing.keyboard.type(`keys-${RUN}@example.org`);
  await press('Enter');
  await composing.keyboard.type('nobody@');
  await press('Enter');
  assert.deepEqual((await chips(composing)).map((chip) => chip.split(/\s/)[0]), ['Noor', `keys-${RUN}@example.org`, 'nobody@']);
  // Back into the box, where the wrong one is taken out and written anew.
  await press('ArrowLeft');
  await press('Enter');
  assert.equal(await composing.locator('#input').inputValue(), 'nobody@');
  await composing.keyboard.type(`other-${RUN}@example.org`);
  await press('Enter');
  await press('ArrowLeft', 2);
  await press('Delete');
  assert.equal((await chips(composing)).length, 2);
  await composing.locator('[part=send]').focus();
  await press('Enter');
  await composing.locator('.results > .good').waitFor();
  const [{ results }] = await events(composing, 'send');
  assert.deepEqual(results.map(({ recipient, outcome }) => [recipient, outcome]), [
    [here.people.noor.userId, 'invited'],
    [`other-${RUN}@example.org`, 'invited'],
  ]);
  await composing.done();

  const answering = await page('noor', element('badge') + element('notice', `community-id="${id}"`));
  await answering.locator('.answers').waitFor();
  const count = async () => Number(await answering.locator('invitation-badge').getAttribute('count'));
  await answering.waitForFunction(() => document.querySelector('invitation-badge').count > 0);
  const waiting = await count();
  await answering.locator('[part=accept]').focus();
  await answering.keyboard.press('Enter');
  await answering.locator('.result').waitFor();
  assert.ok(await answering.locator('.result').evaluate((result) => result.getRootNode().activeElement === result), 'the result has the focus');
  await answering.waitForFunction((before) => document.querySelector('invitation-badge').count === before - 1, waiting);
  await answering.done();
});

test('a thousand pasted addresses with a reload in the middle: nobody invited twice, every row accounted for', async () => {
  const id = await here.community(`${RUN}-many`, { enrolment: 'closed' });
  const addresses = Array.from({ length: 1000 }, (_, index) => `guest${index}.${RUN}@example.org`);
  const list = [...addresses.slice(0, 500), 'nobody@', addresses[7], ...addresses.slice(500)].join('\n');
  // Requests of a member: they are made like any invitation, and no thousand mails go out.
  await here.settings(FREE, async () => {
    const composing = await page('mei', element('composer', `community-id="${id}"`));
    await composing.locator('#input').waitFor();
    await paste(composing, list);
    assert.equal(await composing.locator('.chip.wrong').count(), 2, 'what is wrong is shown, however many there are');
    await composing.locator('[part=send]').click();
    await composing.waitForFunction(() => document.querySelector('invitation-composer').shadowRoot.querySelector('progress')?.value >= 300);
    await composing.reload();
    await composing.locator('progress').waitFor();
    await composing.waitForFunction(() => window.events.some(([type]) => type === 'invitation-send'), null, { timeout: 120_000 });
    const [{ results }] = await events(composing, 'send');
    assert.deepEqual(results.map(({ recipient }) => recipient), addresses, 'a result for each, in their order');
    assert.deepEqual([...new Set(results.map(({ outcome }) => outcome))], ['awaiting_approval']);
    await composing.done();
  });
  const made = (await here.sent(id, 'awaiting_approval')).map(({ invitee }) => invitee.email);
  assert.deepEqual(made.sort(), [...addresses].sort(), 'one invitation for each');
});

test('what was refused is in the box again with the reason, and what needs no invitation is told apart', async () => {
  const id = await here.community(`${RUN}-refused`);
  const { ines, ivo } = here.people;
  await here.invite('milan', id, { userIds: [ines.userId, ivo.userId] });
  const [{ id: declined }] = (await here.sent(id, 'pending')).filter(({ invitee }) => invitee.userId === ivo.userId);
  await here.call('ivo', 'POST', `/invitations/${declined}/decline`, {});
  const composing = await page('milan', element('composer', `community-id="${id}"`));
  await composing.locator('#input').waitFor();
  await paste(composing, `${ivo.email}, ${ines.email}`);
  const rows = `Name,E-Mail\n"Berg, Nell",new-${RUN}@example.org\n`;
  await composing.locator('input[type=file]').setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(rows) });
  await composing.locator('.chip').nth(2).waitFor();
  await composing.locator('#input').fill(`uncommitted-${RUN}@example.org`);
  await composing.locator('[part=send]').click();
  await composing.locator('.results').waitFor();
  const [{ results }] = await events(composing, 'send');
  assert.deepEqual(results.map(({ outcome }) => outcome), ['cooling_down', 'already_invited', 'invited', 'invited']);
  const [chip, ...others] = await chips(composing);
  assert.match(chip, new RegExp(`${ivo.email}\\s+Declined recently \\(until .+\\)`));
  assert.deepEqual(others, []);
  await composing.done();
});

/** Waits until the keyboard is at an element of the manager that has this name. */
const at = (managing, name) =>
  managing.waitForFunction((name) => document.querySelector('invitation-manager').shadowRoot.activeElement?.tagName === name, name);

test('moderators decide in bulk, with a reason, and see what became of each', async () => {
  const id = await here.community(`${RUN}-bulk`, { enrolment: 'closed' });
  const addresses = ['a', 'b', 'c', 'd'].map((name) => `${name}-${RUN}@example.org`);
  // What a member asked for can be approved as long as they may still invite so.
  await here.settings(FREE, async () => {
    await here.invite('mei', id, { emails: addresses });
    const managing = await page('milan', element('manager', `community-id="${id}"`));
    const item = (name) => managing.locator('.item').filter({ hasText: name });
    await item(addresses[0]).waitFor();
    await item(addresses[0]).locator('input').check();
    await item(addresses[1]).locator('input').check();
    await managing.locator('.bulk .primary').click();
    await item(addresses[0]).getByText('Pending').waitFor();
    await item(addresses[1]).getByText('Pending').waitFor();
    await item(addresses[2]).getByRole('button', { name: 'Reject' }).click();
    await managing.locator('#reason').fill('We are full');
    await managing.keyboard.press('Enter');
    await item(addresses[2]).getByText('Rejected').waitFor();
    await item(addresses[2]).getByText('We are full').waitFor();
    // Whoever sees nothing of it hears it, and goes on from there.
    await managing.locator('#panel > [role=status]').getByText('Rejected').waitFor({ state: 'attached' });
    await at(managing, 'LI');
    await item(addresses[3]).getByRole('button', { name: 'Reject' }).click();
    await managing.keyboard.press('Escape');
    await at(managing, 'LI');
    // Somebody else was faster with the last one: the row says so.
    const [{ id: last }] = (await here.sent(id, 'awaiting_approval')).filter(({ invitee }) => invitee.email === addresses[3]);
    await here.call('olga', 'POST', `/invitations/${last}/cancel`);
    await item(addresses[3]).getByRole('button', { name: 'Approve' }).click();
    await item(addresses[3]).locator('.said.bad').waitFor();
    assert.deepEqual((await here.sent(id, 'pending')).map(({ invitee }) => invitee.email).sort(), addresses.slice(0, 2));
    // The list is searched on the server.
    await managing.locator('invitation-manager [role=tab]').first().focus();
    await managing.keyboard.press('ArrowRight');
    await managing.locator('input[type=search]').fill(addresses[1].slice(0, 6));
    await managing.waitForFunction(() => document.querySelector('invitation-manager').shadowRoot.querySelectorAll('.item').length === 1);
    await managing.done();
  });
});

/** Something that is given later, and may be awaited. */
function signal() {
  let give;
  const given = new Promise((resolve) => (give = resolve));
  return { give, given };
}

test('an action ends also where somebody turns to another tab meanwhile', async () => {
  const id = await here.community(`${RUN}-turning`, { enrolment: 'closed' });
  const [first, second] = ['first', 'second'].map((name) => `${name}-${RUN}@example.org`);
  const [turned, acted] = [signal(), signal()];
  await here.settings(FREE, async () => {
    await here.invite('mei', id, { emails: [first, second] });
    const mock = async (route, path) => {
      if (path.endsWith('/approve')) await turned.given;
      // The list of the other tab is not there yet when the action ends.
      if (route.request().url().includes('status=accepted')) await acted.given;
      return route.continue();
    };
    const managing = await page('milan', element('manager', `community-id="${id}"`), { mock });
    const approve = (name) => managing.locator('.item').filter({ hasText: name }).getByRole('button', { name: 'Approve' });
    await approve(first).click();
    await managing.locator('[role=tab]').nth(2).click();
    await managing.locator('.filter').waitFor();
    turned.give();
    await managing.waitForFunction(() => window.events.some(([type]) => type === 'invitation-action'));
    acted.give();
    await managing.locator('[role=tab]').first().click();
    await approve(second).click();
    await managing.waitForFunction(() => window.events.filter(([type]) => type === 'invitation-action').length === 2);
    await managing.done();
  });
});

test('an action that a new token breaks off leaves the others possible', async () => {
  const id = await here.community(`${RUN}-renewed`, { enrolment: 'closed' });
  const [first, second] = ['one', 'two'].map((name) => `${name}-${RUN}@example.org`);
  await here.settings(FREE, async () => {
    await here.invite('mei', id, { emails: [first, second] });
    let held = true;
    const mock = (route, path) => (path.endsWith('/approve') && held ? undefined : route.continue());
    const managing = await page('milan', element('manager', `community-id="${id}"`), { mock });
    const approve = (name) => managing.locator('.item').filter({ hasText: name }).getByRole('button', { name: 'Approve' });
    await Promise.all([managing.waitForRequest(/approve$/), approve(first).click()]);
    await Promise.all([
      managing.waitForEvent('requestfailed', (request) => request.url().endsWith('/approve')),
      managing.locator('invitation-manager').evaluate((manager) => {
        const { getToken } = manager;
        manager.getToken = () => getToken();
      }),
    ]);
    held = false;
    await approve(second).click();
    await managing.waitForFunction(() => window.events.some(([type]) => type === 'invitation-action'));
    await managing.done();
  });
});

test('what is on its way for one community is nothing to the next one', async () => {
  const [first, second] = [await here.community(`${RUN}-first`), await here.community(`${RUN}-second`)];
  const asked = signal();
  const mock = (route, path) => (path.endsWith(`${first}/options`) ? asked.give() : route.continue());
  const composing = await page('milan', element('composer', `community-id="${first}"`), { mock });
  await asked.given;
  await Promise.all([
    composing.waitForEvent('requestfailed', (request) => request.url().endsWith(`${first}/options`)),
    composing.locator('invitation-composer').evaluate((composer, id) => (composer.communityId = id), second),
  ]);
  await composing.locator('#input').waitFor();
  await composing.done();
});

test('more of a list that is asked for twice at once comes once', async () => {
  for (const name of ['more-one', 'more-two']) {
    const id = await here.community(`${RUN}-${name}`);
    await here.invite('milan', id, { userIds: [here.people.noor.userId] });
  }
  const mock = (route) => route.continue({ url: route.request().url().replace('limit=25', 'limit=1') });
  const reading = await page('noor', element('inbox'), { mock });
  const ids = () => reading.locator('invitation-card').evaluateAll((cards) => cards.map(({ invitation }) => invitation.id));
  await reading.getByRole('button', { name: 'Show more' }).evaluate((button) => [button.click(), button.click()]);
  await reading.locator('invitation-card').nth(1).waitFor();
  await reading.getByRole('button', { name: 'Show more' }).or(reading.locator('.earlier')).first().waitFor();
  assert.equal(new Set(await ids()).size, (await ids()).length);
  await reading.done();
});

test('numbers by day and by sender for each period, and each list as one CSV file', async () => {
  const id = await here.community(`${RUN}-numbers`, { enrolment: 'closed' });
  // More than one page of the API's. As requests they make no mail.
  const addresses = Array.from({ length: 130 }, (_, index) => `row${index}.${RUN}@example.org`);
  await here.settings(FREE, async () => {
    for (const emails of [addresses.slice(0, 100), addresses.slice(100)]) await here.invite('mei', id, { emails });
  });
  await here.invite('milan', id, { userIds: [here.people.noor.userId] });
  const today = new Date().toISOString().slice(0, 10);
  const counted = async () => (await here.call('milan', 'GET', `/communities/${id}/invitations/stats?from=${today}&to=${today}`)).period;
  while ((await counted()).days[0].sent < 1) await new Promise((wait) => setTimeout(wait, 200));

  let counts = Promise.resolve();
  const mock = async (route, path) => {
    if (path.endsWith('/stats')) await counts;
    return route.continue();
  };
  const managing = await page('milan', element('manager', `community-id="${id}"`), { mock });
  const saved = async () => {
    const [download] = await Promise.all([managing.waitForEvent('download'), managing.locator('[part=save]').click()]);
    assert.match(download.suggestedFilename(), /^invitations-[\d-]+\.csv$/);
    return readFile(await download.path(), 'utf8');
  };
  await managing.locator('.item').first().waitFor();
  const [header, ...rows] = (await saved()).trimEnd().split('\r\n');
  assert.match(header, /^\ufeffid,status,recipient,/, 'one mark of the byte order, and one header');
  assert.deepEqual(rows.map((row) => row.split(',')[2]).sort(), [...addresses].sort(), 'a row for each, of all pages');
  await managing.locator('input[type=search]').fill('row129');
  await managing.waitForFunction(() => document.querySelector('invitation-manager').shadowRoot.querySelectorAll('.item').length === 1);
  assert.equal((await saved()).trimEnd().split('\r\n').length, 2, 'what is on show is what is saved');

  await managing.locator('invitation-manager [role=tab]').nth(3).click();
  await managing.locator('.plot').first().waitFor();
  assert.equal(await managing.locator('.plot').count(), 5);
  const days = managing.locator('[aria-labelledby=by-day] tbody tr');
  assert.equal(await days.count(), 30);
  assert.equal(await days.first().locator('td').first().innerText(), '1', 'today comes first');
  const pressed = managing.locator('.filter [aria-pressed=true]');
  for (const [period, before] of [[7, 30], [90, 7]]) {
    let count;
    counts = new Promise((resolve) => (count = resolve));
    const asked = managing.waitForRequest(/stats/);
    await managing.getByRole('button', { name: `${period} days` }).press('Enter');
    await asked;
    assert.equal(await pressed.innerText(), `${before} days`, 'as long as its figures are on show');
    count();
    await managing.waitForFunction((n) => document.querySelector('invitation-manager').shadowRoot.querySelectorAll('[aria-labelledby=by-day] tbody tr').length === n, period);
    assert.equal(await pressed.innerText(), `${period} days`);
  }
  const sender = managing.locator('[aria-labelledby=by-sender] tbody tr').filter({ hasText: 'Milan Moreau' });
  assert.equal(await sender.locator('td').first().innerText(), '1');
  assert.equal((await saved()).trimEnd().split('\r\n').length, 132, 'beside the numbers, all of them are saved');
  await managing.done();
});

test('one tab reads the count, the others hear of it', async () => {
  const first = await page('ines', element('badge'));
  const reads = [];
  const count = (opened, name) => opened.on('request', (request) => request.url().endsWith('/me/invitations/count') && reads.push(name));
  count(first, 'first');
  await first.waitForFunction(() => document.querySelector('invitation-badge').count > 0);
  const second = await page('ines', element('badge'), { context: first.context() });
  count(second, 'second');
  await second.waitForFunction(() => document.querySelector('invitation-badge').count > 0);
  reads.length = 0;
  await second.evaluate(() => window.dispatchEvent(new Event('focus')));
  await first.waitForResponse(/count$/);
  await first.close();
  await second.evaluate(() => window.dispatchEvent(new Event('online')));
  await second.waitForResponse(/count$/);
  assert.deepEqual(reads, ['first', 'second'], 'the second reads only once it leads');
  await second.done();
});

test('the host decides: an event that it cancels stops the answer, and its token is asked for once more after a 401', async () => {
  const id = await here.community(`${RUN}-host`);
  await here.invite('milan', id, { userIds: [here.people.ivo.userId] });
  const answering = await page('ivo', element('notice', `community-id="${id}"`), { token: ['not.a.token', here.people.ivo.token] });
  await answering.locator('.answers').waitFor();
  assert.deepEqual(await answering.evaluate(() => window.asked.slice(0, 2)), [false, true]);
  await answering.evaluate(() => addEventListener('invitation-before-action', (event) => event.preventDefault(), { once: true }));
  await answering.locator('[part=accept]').click();
  const pending = async () => (await here.sent(id, 'pending')).length;
  assert.equal(await pending(), 1);
  await answering.locator('[part=accept]').click();
  await answering.locator('.result').waitFor();
  assert.equal(await pending(), 0);
  assert.deepEqual((await events(answering, 'action')).map(({ action }) => action), ['ACCEPT_COMMUNITY_INVITATION']);
  await answering.done();
});

test('whoever may not invite is told why, and is offered nothing', async () => {
  const id = await here.community(`${RUN}-stranger`);
  const composing = await page('sam', element('composer', `community-id="${id}"`));
  await composing.getByText('Only members may invite here.').waitFor();
  assert.equal(await composing.locator('input, textarea, button').count(), 0);
  await composing.done();
});

test('when somebody else signs in, nothing of the person before is left', async () => {
  const id = await here.community(`${RUN}-turns`);
  await here.invite('milan', id, { userIds: [here.people.noor.userId] });
  const turning = await page('milan', element('composer', `community-id="${id}"`) + element('manager', `community-id="${id}"`) + element('inbox'));
  await turning.locator('.item').first().waitFor();
  await paste(turning, 'ann@example.org');
  const search = turning.locator('input[type=search]');
  await search.fill('noor');
  const signIn = (token) => turning.evaluate((token) => {
    for (const element of document.querySelectorAll('main > *')) if ('getToken' in element) element.getToken = () => token;
  }, token);
  await signIn(here.people.noor.token);
  await turning.locator('invitation-inbox invitation-card').first().waitFor();
  await turning.getByText('Only members may invite here.').waitFor();
  await turning.locator('invitation-manager [part=problem]').waitFor();
  assert.deepEqual([await turning.locator('.chip').count(), await turning.locator('.item').count()], [0, 0]);
  await signIn(here.people.milan.token);
  await turning.locator('.item').first().waitFor();
  assert.equal(await search.inputValue(), '');
  await turning.done();
});

test('a name that runs the other way turns no sentence round', async () => {
  const id = await here.community(`${RUN}-names`, { title: 'דנה לוי' });
  const message = '%community% is waiting for you.';
  const { results } = await here.invite('milan', id, { userIds: [here.people.ivo.userId], message });
  const reading = await page('ivo', element('card', `invitation-id="${results[0].invitation.id}"`));
  const [name, rest] = await reading.locator('[part=message]').evaluate((quote) => {
    const words = [...quote.childNodes].find((node) => node.data?.includes('waiting'));
    const left = (part) => {
      const range = document.createRange();
      range.setStart(words, words.data.indexOf(part));
      range.setEnd(words, words.data.indexOf(part) + part.length);
      return range.getBoundingClientRect().left;
    };
    return [left('דנה לוי'), left('is waiting')];
  });
  assert.ok(name < rest, `the name begins at ${name}, and what follows it at ${rest}`);
  await reading.done();
});

test('the message: tokens are marked, unknown ones stop it, and the preview shows it as it will arrive', async () => {
  const id = await here.community(`${RUN}-message`, { membershipMode: 'automatic' });
  const composing = await page('milan', element('composer', `community-id="${id}"`));
  await composing.getByText('People with an account join at once').waitFor();
  await paste(composing, `ann-${RUN}@example.org`);
  const message = composing.locator('textarea');
  assert.match(await message.inputValue(), /^%sender% has invited you/);
  await message.fill('%sender% here, and %nmae%, 100% sure');
  assert.deepEqual(await composing.locator('mark').allInnerTexts(), ['%sender%', '%nmae%']);
  await composing.getByText('Unknown placeholders: \u2068%nmae%\u2069').waitFor();
  await composing.locator('[part=send]').click();
  assert.deepEqual(await events(composing, 'before-send'), []);
  await message.fill('<b>%sender%</b> would like to see you.');
  await composing.locator('.preview summary').click();
  await composing.locator('.mail').getByText('<b>Milan Moreau</b> would like to see you.').waitFor();
  assert.ok(await composing.locator('.mail').evaluate((mail) => mail.shadowRoot.querySelectorAll('[style]').length > 10), 'its styles are there');
  assert.equal(await composing.locator('.mail').evaluate((mail) => mail.shadowRoot.querySelectorAll('[href], script, style, img').length), 0);
  await composing.locator('.preview [role=tab]').first().focus();
  await composing.keyboard.press('ArrowRight');
  await composing.locator('pre').getByText('would like to see you.').waitFor();
  await composing.locator('.preview [role=tab]').first().click();
  await composing.locator('.mail').waitFor();
  assert.deepEqual(await events(composing, 'before-send'), [], 'looking at the mail sends nothing');
  await composing.done();
});
