/** Sending any number of invitations, in as many requests as the API takes, through reloads and interruptions. */
import { Problem, responseOf, type Api } from '../api/client.js';
import type { Outcome } from '../api/schema.js';

/** What has come of one recipient. */
export interface Result {
  recipient: string;
  outcome: Outcome;
  /** When it may be tried again, in milliseconds. */
  until?: number;
}

interface Chunk {
  /** Makes a repetition of the request after a reload the same request to the API. */
  key: string;
  userIds: string[];
  emails: string[];
  results?: Result[];
}

/** All that is being sent. It is kept until it is done, for this tab only: it holds addresses. */
export interface Job {
  message?: string;
  chunks: Chunk[];
  /** The names of users, by id. */
  names: Record<string, string>;
}

const ATTEMPTS = 5;
/** How long the API remembers an idempotency key, in milliseconds. */
const REMEMBERED = 24 * 3_600_000;

/** Parts recipients into requests. */
export function jobOf(users: { id: string; name: string }[], emails: string[], size: number, message?: string): Job {
  const ids = users.map(({ id }) => id);
  const count = ids.length;
  const chunks: Chunk[] = [];
  for (let from = 0; from < count + emails.length; from += size) {
    const to = from + size;
    chunks.push({
      key: crypto.randomUUID(),
      userIds: ids.slice(from, to),
      emails: emails.slice(Math.max(0, from - count), Math.max(0, to - count)),
    });
  }
  return { message, chunks, names: Object.fromEntries(users.map(({ id, name }) => [id, name])) };
}

export const sizeOf = ({ userIds, emails }: Chunk): number => userIds.length + emails.length;
export const resultsOf = (job: Job): Result[] => job.chunks.flatMap(({ results }) => results ?? []);
export const restOf = (job: Job): Chunk[] => job.chunks.filter(({ results }) => !results);

/** Sends what is not sent yet. `saved` hears of every request that is done. Throws a {@link Problem} that stops it. */
export async function send(job: Job, api: Api, communityId: string, saved: () => void): Promise<void> {
  for (const chunk of restOf(job)) {
    chunk.results = await sendChunk(chunk, job.message, api, communityId);
    saved();
  }
}

async function sendChunk(chunk: Chunk, message: string | undefined, api: Api, communityId: string): Promise<Result[]> {
  const { key, userIds, emails } = chunk;
  const params = { path: { communityId }, header: { 'Idempotency-Key': key } };
  for (let attempt = 1; ; attempt++) {
    try {
      const body = { userIds, emails, ...(message ? { message } : {}) };
      const { results } = await responseOf(api.POST('/communities/{communityId}/invitations', { params, body }));
      return results.map(({ recipient, outcome, retryAfter }) => ({ recipient, outcome, ...until(retryAfter) }));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === 'daily_quota_used') {
        return [...userIds, ...emails].map((recipient) => ({ recipient, outcome: 'over_quota', ...until(error.retryAfter) }));
      }
      if (!error.passes || attempt === ATTEMPTS) throw error;
      await new Promise((wait) => setTimeout(wait, (error.retryAfter ?? 2 ** attempt / 4) * 1_000));
    }
  }
}

const until = (seconds?: number): { until?: number } => (seconds === undefined ? {} : { until: Date.now() + seconds * 1_000 });

/** Keeps a job through a reload. Without storage, or with a full one, a reload ends the job: no reason not to begin it. */
export class Shelf {
  constructor(private readonly _place: string) {}

  put(job?: Job): void {
    try {
      sessionStorage.setItem(this._place, JSON.stringify({ at: Date.now(), job }));
    } catch {
      // As above.
    }
  }

  take(): Job | undefined {
    try {
      const { at, job } = JSON.parse(sessionStorage.getItem(this._place)!) as { at: number; job?: Job };
      return Date.now() - at < REMEMBERED ? job : undefined;
    } catch {
      return undefined;
    }
  }
}
