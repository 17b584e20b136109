/** Tabs of one browser tell each other what their badges need to know. */
import type { GetToken } from './api/client.js';

/** What one tab tells the others. */
export type TabMessage = 'changed' | 'ask' | { count: number; caller: string };

const NAME = 'invitations';

/** Tells every tab, this one too. */
export function announce(message: TabMessage): void {
  const channel = new BroadcastChannel(NAME);
  channel.postMessage(message);
  channel.close();
}

/** Hears what tabs tell, until the signal. */
export function listen(hear: (message: TabMessage) => void, signal: AbortSignal): void {
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = ({ data }) => hear(data as TabMessage);
  signal.addEventListener('abort', () => channel.close());
}

/**
 * Names whoever the token stands for, so that nobody sees the count of another person signed in in another tab. Where there is
 * none it is nobody: the next request says why.
 */
export async function callerOf(getToken: GetToken): Promise<string> {
  let token = '';
  try {
    token = await getToken();
    const claims = token.split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/');
    return (JSON.parse(atob(claims)) as { sub: string }).sub;
  } catch {
    return token;
  }
}
