/** Reads a live stream as a browser does: over HTTP, frame by frame, and comes back with the last id that it saw. */
import http from 'node:http';
import { createParser } from 'eventsource-parser';
import { within } from '../support/until.ts';

export type Told = { readonly cursor: string; readonly id: string; readonly type: string; readonly walletId: string; readonly seq: number };
export type LiveReader = {
  readonly status: number;
  readonly headers: Headers;
  readonly told: Told[];
  /** Everything received, verbatim. */
  readonly raw: () => string;
  /** The cursor to resume from. */
  readonly lastId: () => string | undefined;
  /** Waits until the server has ended it. */
  hasEnded(): Promise<void>;
  cut(): void;
};

export async function readLive(url: string, headers: Record<string, string> = {}): Promise<LiveReader> {
  // A separate connection: a cut one is gone immediately.
  const request = http.get(url, { headers, agent: false });
  const responding = new Promise<http.IncomingMessage>((resolve, reject) => request.on('response', resolve).on('error', reject));
  const answer = await within(responding, { what: `the head of the answer to GET ${url}`, seen: () => 'nothing came' });
  const told: Told[] = [];
  let raw = '';
  const parser = createParser({
    onEvent: ({ id = '', data }) => told.push({ ...(JSON.parse(data) as Omit<Told, 'cursor'>), cursor: id }),
  });
  answer.setEncoding('utf8').on('data', (text: string) => {
    raw += text;
    parser.feed(text);
  });
  const ended = new Promise<void>((resolve) => answer.on('close', resolve).on('error', () => resolve()));
  const seen = () =>
    `it goes on; ${told.length} events came, the last of them ${told.at(-1)?.id ?? 'none'}, and ${raw.length} characters in all`;
  return {
    status: answer.statusCode ?? 0,
    headers: new Headers(answer.headers as Record<string, string>),
    told,
    raw: () => raw,
    // Of whole frames only: a cursor counts once its frame has ended.
    lastId: () => [...raw.slice(0, raw.lastIndexOf('\n\n') + 2).matchAll(/^id: (.*)$/gm)].at(-1)?.[1],
    hasEnded: () => within(ended, { what: `the server to end ${url}`, seen }),
    cut: () => answer.destroy(),
  };
}
