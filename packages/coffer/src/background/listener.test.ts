import { EventEmitter } from 'node:events';
import type pg from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Listener } from './listener.ts';
import { connectSession } from './session.ts';
import type { SessionOptions } from './session.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A client that never reaches a server. */
class FakeClient extends EventEmitter {
  readonly asked: string[] = [];
  hasEnded = false;
  readonly #connects: boolean;

  constructor(connects = true) {
    super();
    this.#connects = connects;
  }

  connect(): Promise<void> {
    return this.#connects ? Promise.resolve() : Promise.reject(new Error('connection refused'));
  }

  query(text: string): Promise<void> {
    this.asked.push(text);
    return Promise.resolve();
  }

  end(): Promise<void> {
    if (!this.hasEnded) {
      this.hasEnded = true;
      this.emit('end');
    }
    return Promise.resolve();
  }
}

const session = (client: FakeClient, onBroken = vi.fn<() => void>()) => connectSession(client as unknown as pg.Client, onBroken);

/** A listener on the given clients, one per connection, and the time of each connection. */
function listening(clients: FakeClient[]) {
  const startedMs = performance.now();
  const seen = { heard: 0, failures: 0, connected: [] as number[] };
  const open = async ({ onBroken }: SessionOptions) => {
    seen.connected.push(performance.now() - startedMs);
    return await connectSession((clients[seen.connected.length - 1] ?? new FakeClient()) as unknown as pg.Client, onBroken);
  };
  const options = { url: '', applicationName: 'test', channel: 'news', heard: () => seen.heard++, failed: () => seen.failures++ };
  return { seen, listener: new Listener(options, open) };
}

test('notifies once at the start, because something may have been missed, and then for each notification', async () => {
  const client = new FakeClient();
  const { seen, listener } = listening([client]);
  await listener.open();
  expect(client.asked).toEqual(['listen news']);
  client.emit('notification');
  expect(seen.heard).toBe(2);
  await listener.close();
  expect(client.hasEnded).toBe(true);
});

test('replaces a broken connection, and notifies for what it may have missed', async () => {
  const [first, second] = [new FakeClient(), new FakeClient()];
  const { seen, listener } = listening([first, second]);
  await listener.open();
  first.emit('error', new Error('gone'));
  first.emit('end');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(seen).toEqual({ heard: 2, failures: 0, connected: [0, 100] });
  second.emit('notification');
  expect(seen.heard).toBe(3);
  await listener.close();
});

test('backs off while it cannot connect, and restarts with short pauses after it could', async () => {
  const away = () => new FakeClient(false);
  const back = new FakeClient();
  const { seen, listener } = listening([away(), away(), away(), back, away()]);
  await listener.open();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(seen).toEqual({ heard: 1, failures: 3, connected: [0, 100, 300, 700] });
  back.emit('end');
  await vi.advanceTimersByTimeAsync(200);
  expect(seen.connected.slice(4)).toEqual([1_100]);
  await listener.close();
});

test('opens no connection after it is closed', async () => {
  const { seen, listener } = listening([new FakeClient(false)]);
  await listener.open();
  await listener.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(seen.connected).toEqual([0]);
});

test('a session reports once that it broke, and not when it is closed', async () => {
  const [broken, closed] = [vi.fn<() => void>(), vi.fn<() => void>()];
  const [one, other] = [new FakeClient(), new FakeClient()];
  const first = await session(one, broken);
  one.emit('error', new Error('gone'));
  one.emit('end');
  await first.ended;
  expect([first.isBroken, broken.mock.calls.length]).toEqual([true, 1]);
  const second = await session(other, closed);
  await second.close();
  await second.ended;
  expect([second.isBroken, closed.mock.calls.length]).toEqual([true, 0]);
});

test('a session that cannot connect throws, and leaves no connection', async () => {
  const client = new FakeClient(false);
  const broken = vi.fn<() => void>();
  await expect(session(client, broken)).rejects.toThrow('connection refused');
  expect([client.hasEnded, broken.mock.calls.length]).toEqual([true, 0]);
});
