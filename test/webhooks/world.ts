/** A ledger with webhooks on a separate database, and receivers with configurable behaviour on loopback. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type pg from 'pg';
import { createPool, inRole } from '../../packages/coffer/src/database/index.ts';
import { assert, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger, LedgerEvent, Operation } from '../../packages/coffer/src/ledger/index.ts';
import type { Projection } from '../../packages/coffer/src/projections/index.ts';
import { Dispatcher, webhookProjection, Webhooks } from '../../packages/coffer/src/webhooks/index.ts';
import type { DispatcherOptions, EndpointWithSecret } from '../../packages/coffer/src/webhooks/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

export type World = {
  readonly url: string;
  readonly pool: pg.Pool;
  readonly ledger: Ledger;
  readonly webhooks: Webhooks;
  readonly projection: Projection;
  /** Makes one deposit into each wallet; returns the new events of all books. */
  deposit(wallets: readonly string[], owner?: string): Promise<LedgerEvent[]>;
  /** Passes events to the projection as the projector does: in a transaction. */
  apply(events: readonly LedgerEvent[]): Promise<void>;
  dispatcher(changes?: Partial<DispatcherOptions>): Dispatcher;
  stop(): Promise<void>;
};

/** `prepare`: before anything connects. */
export async function startWorld(books = 1, prepare?: (database: TestDatabase) => Promise<void>): Promise<World> {
  const database = await createTestDatabase();
  await prepare?.(database);
  const log = silentLog();
  const url = inRole(database.url, 'writer');
  const pool = createPool(url, log);
  const ledger = await openLedger({ url, log, books, patienceMs: 60_000 });
  const webhooks = new Webhooks({ pool, ledger, allowPrivate: true });
  const ownerOf = async (wallet: string) => (await ledger.read.balance(wallet))?.owner;
  const projection = webhookProjection({ ownerOf });
  const dispatchers: Dispatcher[] = [];
  let cursor: string | undefined;
  let posted = 0;
  return {
    url,
    pool,
    ledger,
    webhooks,
    projection,
    deposit: async (wallets, owner) => {
      const operations = wallets.map((wallet): Operation => {
        const opens = { owner: owner ?? null, asset: 1, floor: 0n };
        return { kind: 'deposit', key: `d${posted++}`, debit: { system: 'cash_in' }, credit: { wallet, opens }, amount: 10n };
      });
      await ledger.postEach(operations);
      const { events, next } = await ledger.read.events(cursor, 100_000);
      cursor = next ?? cursor;
      return [...events];
    },
    apply: async (events) => {
      const client = await pool.connect();
      try {
        await client.query('begin');
        for (const book of ledger.books)
          await projection.apply(
            client,
            events.filter((event) => event.book === book),
            1,
          );
        await client.query('commit');
      } finally {
        client.release(true);
      }
      projection.applied?.();
    },
    dispatcher: (changes = {}) => {
      const dispatcher = new Dispatcher({ pool, log, allowPrivate: true, ...changes });
      dispatchers.push(dispatcher);
      return dispatcher;
    },
    stop: async () => {
      await Promise.all(dispatchers.map((dispatcher) => dispatcher.stop()));
      await ledger.stop();
      await pool.end();
      await database.drop();
    },
  };
}

export type Message = { readonly id: string; readonly body: string; readonly headers: Record<string, string> };
export type Receiver = { readonly url: string; readonly messages: Message[]; stop(): Promise<void> };

/** Responds with the status that `answer` resolves to; below 300, with the body that `says` returns. */
export async function startReceiver(
  answer: (message: Message) => number | Promise<number> = () => 204,
  says: (message: Message) => string = () => '',
): Promise<Receiver> {
  const messages: Message[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = request.headers as Record<string, string>;
      const message = { id: headers['webhook-id'] ?? '', body: Buffer.concat(chunks).toString(), headers };
      messages.push(message);
      void Promise.resolve(answer(message)).then((status) => response.writeHead(status).end(status < 300 ? says(message) : 'not now'));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    messages,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Filter = { readonly types?: readonly string[]; readonly wallet?: string; readonly owner?: string };

export async function listenTo({ webhooks }: Pick<World, 'webhooks'>, url: string, filter: Filter = {}): Promise<EndpointWithSecret> {
  const { types = ['*'], wallet = null, owner = null } = filter;
  const made = await webhooks.create({ url, description: 'a test', types, wallet, owner, createdBy: 'test' });
  assert('secret' in made, 'the webhook is made');
  return made;
}
