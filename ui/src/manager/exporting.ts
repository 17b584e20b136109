/** A community's invitations as one file. */
import { responseOf, type Api } from '../api/client.js';
import type { Status } from '../api/schema.js';

/** Which invitations: all without. */
export interface Filter {
  status?: Status;
  q?: string;
}

/** The most rows that the API puts on a page. */
const PAGE = 100;
/** How long a browser may take to begin to save a file, in milliseconds. */
const PATIENCE = 60_000;

/** Reads all pages of CSV, byte by byte as the API makes them. `heard` is told how many rows have come, at most. */
export async function readCsv(api: Api, communityId: string, filter: Filter, heard: (rows: number) => void): Promise<Blob> {
  const pages: Blob[] = [];
  let cursor: string | undefined;
  do {
    const query = { ...filter, limit: PAGE, ...(cursor ? { cursor } : {}) };
    const params = { path: { communityId }, query };
    const call = api.GET('/communities/{communityId}/invitations/export', { params, parseAs: 'blob' });
    pages.push(await responseOf(call));
    heard(pages.length * PAGE);
    cursor = nextOf((await call).response);
  } while (cursor);
  return new Blob(pages, { type: 'text/csv' });
}

/** The cursor in the link to the next page. The link itself may lead around a host's own domain. */
function nextOf({ headers }: Response): string | undefined {
  const [, cursor] = /[?&]cursor=([^&>]+).*rel="?next/.exec(headers.get('Link') ?? '') ?? [];
  return cursor && decodeURIComponent(cursor);
}

/** Has the browser save a file. */
export function save(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), PATIENCE);
}
