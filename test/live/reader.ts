/** Reads a live stream as a browser does: over HTTP, frame by frame, and comes back with the last id that it saw. */
import http from 'node:http';
import { createParser } from 'eventsource-parser';

export type Told = { readonly cursor: string; readonly id: string; readonly type: string; readonly walletId: string; readonly seq: number };
export type LiveReader = {
  readonly status: number;
  readonly headers: Headers;
  readonly told: Told[];
  /** Everything that came, as it came. */
  readonly raw: () => string;
  /** What to come back with. */
  readonly lastId: () => string | undefined;
  /** When the server has ended it. */
  readonly ended: Promise<void>;
  cut(): void;
};

export async function readLive(url: string, headers: Record<string, string> = {}): Promise<LiveReader> {
  // A connection of its own: one that is cut is gone at once.
  const request = http.get(url, { headers, agent: false });
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) => request.on('response', resolve).on('error', reject));
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
  return {
    status: answer.statusCode ?? 0,
    headers: new Headers(answer.headers as Record<string, string>),
    told,
    raw: () => raw,
    // Of whole frames only: a place counts once its frame has ended.
    lastId: () => [...raw.slice(0, raw.lastIndexOf('\n\n') + 2).matchAll(/^id: (.*)$/gm)].at(-1)?.[1],
    ended,
    cut: () => answer.destroy(),
  };
}
