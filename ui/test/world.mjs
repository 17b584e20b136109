/** The running stack's people, and communities for one test run. */
import { readFile } from 'node:fs/promises';

const FILE = process.env.STACK_FILE ?? new URL('../../.local/stack.json', import.meta.url);

export async function world() {
  const stack = JSON.parse(await readFile(FILE, 'utf8').catch(() => {
    throw new Error('The local stack is not running: `make run` starts it.');
  }));
  const people = Object.fromEntries(stack.people.map((person) => [person.name.split(' ')[0].toLowerCase(), person]));
  const call = async (who, method, path, body) => {
    const answer = await fetch(stack.apiUrl + path, {
      method,
      headers: { Authorization: `Bearer ${people[who].token}`, 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const content = await answer.json().catch(() => undefined);
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(content)}`);
    return content;
  };
  const put = (path, body = {}) => call('ada', 'PUT', `/directory${path}`, body);

  /** Makes a community with an owner, a moderator and a member. */
  const community = async (id, more = {}) => {
    const body = {
      title: 'Harbour Gardeners',
      description: 'Neighbours who grow vegetables between the cranes.',
      url: 'https://community.example.org/gardeners',
      rulesUrl: 'https://community.example.org/gardeners/rules',
      memberCount: 1284,
      visibility: 'public',
      enrolment: 'open',
      ...more,
    };
    await put(`/communities/${id}`, body);
    for (const [name, role] of [['olga', 'owner'], ['milan', 'moderator'], ['mei', 'member']]) {
      await put(`/communities/${id}/members/${people[name].userId}`, { role });
    }
    return id;
  };

  /** The network's settings, changed while `work` runs. */
  const settings = async (changes, work) => {
    const before = await call('ada', 'GET', '/directory/settings');
    await put('/settings', { ...before, ...changes });
    try {
      return await work();
    } finally {
      await put('/settings', before);
    }
  };

  const invite = (who, id, body) => call(who, 'POST', `/communities/${id}/invitations`, body);

  /** All of a community's invitations in a state. */
  const sent = async (id, status) => {
    const all = [];
    for (let cursor = ''; cursor !== undefined; ) {
      const query = new URLSearchParams({ status, limit: '100', ...(cursor ? { cursor } : {}) });
      const page = await call('milan', 'GET', `/communities/${id}/invitations?${query}`);
      all.push(...page.invitations);
      cursor = page.nextCursor;
    }
    return all;
  };

  return { api: stack.apiUrl, demo: stack.demoUrl, people, call, put, community, settings, invite, sent };
}
