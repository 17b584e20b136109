/**
 * The API as the elements see it: typed by the contract, with a token of the host's and one kind of error.
 *
 * The types are those of openapi-fetch, word for word. Its code would be a tenth of the bundle, most of it for ways to
 * write a query that this API does not have: what is left of it here is a dozen lines.
 */
import type { Client } from 'openapi-fetch';
import type { AllowedAction, Code, Invitation, paths } from './schema.js';

/** Gives the caller's token. It is asked again, with `renew`, once the API has refused the first. */
export type GetToken = (options?: { renew?: boolean }) => string | Promise<string>;

export type Api = Pick<Client<paths>, 'GET' | 'POST'>;

/** What came of a request, before anybody asks whether it went well. */
interface Received<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

interface Options {
  params?: { path?: Record<string, string>; query?: Record<string, string | number>; header?: Record<string, string> };
  body?: unknown;
  parseAs?: 'blob';
  signal?: AbortSignal;
}

/** Why a request has failed: a code of the contract, or `offline` where no response came. */
export class Problem extends Error {
  constructor(
    readonly code: Code | 'offline',
    readonly status = 0,
    /** Seconds to wait before trying again, where the API says so. */
    readonly retryAfter?: number,
    /** What the API, or the browser, says to whoever reads logs. */
    detail: string = code,
  ) {
    super(detail);
  }

  /** Whether the same request may succeed later. */
  get passes(): boolean {
    return /^(offline|unavailable|internal_error|request_still_running)$/.test(this.code);
  }
}

/** Makes a client of the API at `baseUrl`, until `ended`: nothing that was asked for one person is told to another. */
export function connect(baseUrl: string, getToken: GetToken, ended: AbortSignal): Api {
  const method = (method: string) => async (path: string, { params = {}, body, parseAs, signal }: Options = {}) => {
    const place = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params.path![name]!));
    const query = new URLSearchParams(params.query as Record<string, string>).toString();
    const url = baseUrl.replace(/\/$/, '') + place + (query && `?${query}`);
    const send = async (renew?: true): Promise<Response> => {
      const headers = new Headers({ ...params.header, Authorization: `Bearer ${await getToken({ renew })}` });
      if (body) headers.set('Content-Type', 'application/json');
      return fetch(url, { method, headers, body: body ? JSON.stringify(body) : undefined, signal: signal ? AbortSignal.any([signal, ended]) : ended });
    };
    let response = await send();
    if (response.status === 401) response = await send(true);
    // What ends while its body arrives, since somebody else has signed in, throws; the gateway's own refusals may have none.
    if (response.ok) return { data: await response[parseAs ?? 'json'](), response };
    return { error: await response.json().catch(() => undefined), response };
  };
  return { GET: method('GET'), POST: method('POST') } as unknown as Api;
}

/** Returns what the API has sent back. Throws a {@link Problem}, or the abort of the request. */
export async function responseOf<T>(call: Promise<Received<T>>): Promise<T> {
  let received;
  try {
    received = await call;
  } catch (error) {
    if (error instanceof DOMException || error instanceof Problem) throw error;
    throw new Problem('offline', 0, undefined, String(error));
  }
  const { data, error, response } = received;
  if (response.ok) return data as T;
  throw problemOf(response, error);
}

function problemOf({ status }: Response, body: unknown): Problem {
  const problem = (typeof body === 'object' && body ? body : {}) as Partial<{
    code: Code;
    retryAfter: number;
    detail: string;
  }>;
  // The gateway's own responses have no code.
  const byStatus: Record<number, Code> = { 401: 'unauthenticated', 404: 'no_such_route', 429: 'unavailable' };
  const code = problem.code ?? byStatus[status] ?? (status > 500 ? 'unavailable' : 'internal_error');
  return new Problem(code, status, problem.retryAfter, problem.detail);
}

/** Does what an invitation's `actions` offer, at the place they name. */
export function follow(api: Api, action: AllowedAction, body: object): Promise<Invitation> {
  return responseOf<Invitation>(api.POST(action.href as never, { body } as never));
}
