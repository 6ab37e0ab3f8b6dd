/** The owners of all books as one process sees them: its leases, its connections to other owners, and what it takes from other processes. */
import type pg from 'pg';
import { newId } from '../../kernel/index.ts';
import type { Address, Log } from '../../kernel/index.ts';
import { ledgerIdOf } from '../chain/identity.ts';
import type { BookWriter } from '../posting/writer.ts';
import { Desk } from './desk.ts';
import { isKnown, readSecret } from './leases.ts';
import type { Owns, Peer } from './leases.ts';
import { Ownership } from './ownership.ts';
import { PeerClient } from './peer-client.ts';
import { PeerServer } from './peer-server.ts';

export type PeerOptions = {
  /** Where operations from other processes arrive; a free port on loopback by default. */
  readonly listen?: Address | undefined;
  /** How other processes reach it; where it listens, by default. */
  readonly advertise?: Address | undefined;
  /** Its share, by default. */
  readonly owns?: Owns | undefined;
};

export type OwnersOptions = PeerOptions & {
  /** One connection is enough. */
  readonly pool: pg.Pool;
  readonly log: Log;
  readonly books: readonly number[];
  readonly patienceMs: number;
  /** Makes the writer of a book, not started. */
  readonly writer: (book: number, term: number, replaced: () => void) => BookWriter;
  readonly releasedUntil: (book: number) => Date;
};

export type Owners = { readonly desks: readonly Desk[]; stop(): Promise<void> };

/** Returns when the books that nobody owned are owned, and when the owners of the others answer or turn out to be away. */
export async function startOwners(options: OwnersOptions): Promise<Owners> {
  const { pool, log, books, patienceMs, listen = { host: '127.0.0.1', port: 0 }, advertise, owns = 'share' } = options;
  const [secret, ledger] = [await readSecret(pool), await ledgerIdOf(pool)];
  const clients = new Map<string, PeerClient>();
  let ownership: Ownership | null = null;
  let isStopped = false;

  const desks = books.map(
    (book) =>
      new Desk({
        book,
        patienceMs,
        owner: () => clientOf(ownership?.ownerOf(book) ?? null),
        term: () => ownership?.termOf(book) ?? 0,
        change: async (deadlineMs) => await ownership?.change(deadlineMs),
      }),
  );
  const deskOf = (book: number): Desk | undefined => desks[book - 1];

  const server = await PeerServer.listen({
    listen,
    secret,
    ledger,
    log,
    credential: () => ownership?.credential ?? null,
    isKnown: (credential) => isKnown(pool, credential),
    post: async (book, operations, linked, leftMs) => await deskOrRefuse(book).postHere(operations, linked, leftMs),
    status: () =>
      desks.flatMap(({ book, writer, fault }) => {
        const term = ownership?.termOf(book) ?? 0;
        if (!writer) return [];
        return [{ book, term, fault, queueOperations: writer.status.queueOperations, releasedUntil: options.releasedUntil(book) }];
      }),
    asked: (book) => {
      ownership?.handOver(book).then(
        () => server.tell(),
        (failure: unknown) => log.debug({ err: failure, book }, 'Could not hand a book over'),
      );
    },
  });
  const { host, port } = advertise ?? { ...listen, port: server.port };
  const self: Peer = { id: newId(), address: `${host.includes(':') ? `[${host}]` : host}:${port}`, owns };

  function deskOrRefuse(book: number): Desk {
    const desk = deskOf(book);
    if (!desk) throw new Error(`there is no book ${book}`);
    return desk;
  }

  /** Connects when it is first asked for, and anew after the connection ended. */
  function clientOf(owner: Peer | null): PeerClient | null {
    if (!owner || isStopped) return null;
    const existing = clients.get(owner.id);
    if (existing) return existing;
    const client = new PeerClient({
      credential: () => ownership?.credential ?? null,
      isKnown: (credential) => isKnown(pool, credential),
      owner,
      secret,
      ledger,
      opened: () => ownership?.isBack(owner),
      told: () => {
        // A book that it does not own any more has another owner, or waits for one.
        if (desks.some(({ book }) => ownership?.ownerOf(book)?.id === owner.id && !client.status(book))) ownership?.look();
      },
      closed: (isRefused, reason) => {
        clients.delete(owner.id);
        log.debug({ owner: owner.address, reason }, 'The connection to the owner of books ended');
        if (isRefused) ownership?.isGone(owner);
        else ownership?.look();
      },
    });
    clients.set(owner.id, client);
    return client;
  }

  try {
    ownership = await Ownership.start({
      pool,
      log,
      self,
      books,
      gained: async (book, term) => {
        const writer = options.writer(book, term, () => ownership?.wasReplaced(book));
        await writer.start();
        deskOf(book)?.open(writer);
        server.tell();
      },
      lost: async (book) => {
        await deskOf(book)?.close()?.stop();
      },
      ask: (owner, book) => clientOf(owner)?.ask(book),
    });
    // Connects to the owners now, so that the first operation need not wait.
    const untilMs = performance.now() + 2_000;
    while (desks.some((desk) => desk.fault === 'unavailable') && performance.now() < untilMs) await ownership.change(untilMs);
  } catch (failure) {
    await stop();
    throw failure;
  }
  return { desks, stop };

  async function stop(): Promise<void> {
    // Gives the books back first: what arrives meanwhile is refused, and asks their next owner.
    await ownership?.stop();
    isStopped = true;
    await server.stop();
    for (const client of clients.values()) client.close();
  }
}
