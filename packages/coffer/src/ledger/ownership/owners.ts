/** The owners of all books as one process sees them: its leases, its connections to other owners, and what it takes from other processes. */
import type pg from 'pg';
import { newId } from '../../kernel/index.ts';
import type { Address, Log } from '../../kernel/index.ts';
import { ledgerIdOf } from '../chain/identity.ts';
import type { BookWriter } from '../posting/writer.ts';
import { Desk } from './desk.ts';
import { isKnown, readSecret } from './leases.ts';
import type { Owns, Peer } from './leases.ts';
import type { OwnerStatus } from './messages.ts';
import { Ownership } from './ownership.ts';
import { PeerClient } from './peer-client.ts';
import { PeerServer } from './peer-server.ts';

/** Of the connections to other owners, at the start. */
const connectedWithinMs = 2_000;

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

export class Owners {
  readonly desks: readonly Desk[];
  readonly #options: OwnersOptions;
  readonly #secret: Buffer;
  /** The ledger's identity. */
  readonly #ledger: string;
  /** Connections to other owners, by their ids. */
  readonly #clients = new Map<string, PeerClient>();
  #server: PeerServer | null = null;
  #ownership: Ownership | null = null;
  #isStopped = false;

  private constructor(options: OwnersOptions, secret: Buffer, ledger: string) {
    const { books, patienceMs } = options;
    this.#options = options;
    this.#secret = secret;
    this.#ledger = ledger;
    this.desks = books.map(
      (book) =>
        new Desk({
          book,
          patienceMs,
          owner: () => this.#clientOf(this.#ownership?.ownerOf(book) ?? null),
          term: () => this.#termOf(book),
          change: async (deadlineMs) => await this.#ownership?.change(deadlineMs),
        }),
    );
  }

  /** Returns when the books that nobody owned are owned, and when the owners of the others answer or turn out to be away. */
  static async start(options: OwnersOptions): Promise<Owners> {
    const { pool } = options;
    const owners = new Owners(options, await readSecret(pool), await ledgerIdOf(pool));
    try {
      await owners.#start();
      return owners;
    } catch (failure) {
      await owners.stop();
      throw failure;
    }
  }

  /** Gives the books back first: what arrives meanwhile is refused, and asks their next owner. */
  async stop(): Promise<void> {
    await this.#ownership?.stop();
    this.#isStopped = true;
    await this.#server?.stop();
    for (const client of this.#clients.values()) client.close();
  }

  async #start(): Promise<void> {
    const { listen = { host: '127.0.0.1', port: 0 }, advertise, owns = 'share', pool, log, books } = this.#options;
    this.#server = await this.#listen(listen);
    const { host, port } = advertise ?? { ...listen, port: this.#server.port };
    this.#ownership = await Ownership.start({
      pool,
      log,
      self: { id: newId(), address: `${host.includes(':') ? `[${host}]` : host}:${port}`, owns },
      books,
      gained: (book, term) => this.#gained(book, term),
      lost: async (book) => {
        await this.#desk(book).close()?.stop();
      },
      ask: (owner, book) => this.#clientOf(owner)?.ask(book),
    });
    // Connects to the owners now, so that the first operation need not wait.
    const untilMs = performance.now() + connectedWithinMs;
    while (this.desks.some((desk) => desk.fault === 'unavailable') && performance.now() < untilMs) await this.#ownership.change(untilMs);
  }

  async #listen(listen: Address): Promise<PeerServer> {
    const { pool, log } = this.#options;
    return await PeerServer.listen({
      listen,
      secret: this.#secret,
      ledger: this.#ledger,
      log,
      credential: () => this.#ownership?.credential ?? null,
      isKnown: (credential) => isKnown(pool, credential),
      post: async (book, operations, linked, leftMs) => await this.#desk(book).postHere(operations, linked, leftMs),
      status: () => this.#status(),
      asked: (book) => this.#handOver(book),
    });
  }

  async #gained(book: number, term: number): Promise<void> {
    const writer = this.#options.writer(book, term, () => this.#ownership?.wasReplaced(book));
    await writer.start();
    this.#desk(book).open(writer);
    this.#server?.tell();
  }

  #handOver(book: number): void {
    this.#ownership?.handOver(book).then(
      () => this.#server?.tell(),
      (failure: unknown) => this.#options.log.debug({ err: failure, book }, 'Could not hand a book over'),
    );
  }

  /** Of the books that this process owns. */
  #status(): OwnerStatus[] {
    return this.desks.flatMap(({ book, writer, fault }) => {
      if (!writer) return [];
      const { queueOperations } = writer.status;
      return [{ book, term: this.#termOf(book), fault, queueOperations, releasedUntil: this.#options.releasedUntil(book) }];
    });
  }

  /** Other processes name books, too. */
  #desk(book: number): Desk {
    const desk = this.desks[book - 1];
    if (!desk) throw new Error(`there is no book ${book}`);
    return desk;
  }

  #termOf(book: number): number {
    return this.#ownership?.termOf(book) ?? 0;
  }

  /** Connects when it is first asked for, and anew after the connection ended. */
  #clientOf(owner: Peer | null): PeerClient | null {
    if (!owner || this.#isStopped) return null;
    const existing = this.#clients.get(owner.id);
    if (existing) return existing;
    const client: PeerClient = new PeerClient({
      credential: () => this.#ownership?.credential ?? null,
      isKnown: (credential) => isKnown(this.#options.pool, credential),
      owner,
      secret: this.#secret,
      ledger: this.#ledger,
      opened: () => this.#ownership?.isBack(owner),
      told: () => {
        // A book that it does not own any more has another owner, or waits for one.
        if (this.desks.some(({ book }) => this.#ownership?.ownerOf(book)?.id === owner.id && !client.status(book))) this.#ownership?.look();
      },
      closed: (isRefused, reason) => {
        this.#clients.delete(owner.id);
        this.#options.log.debug({ owner: owner.address, reason }, 'The connection to the owner of books ended');
        if (isRefused) this.#ownership?.isGone(owner);
        else this.#ownership?.look();
      },
    });
    this.#clients.set(owner.id, client);
    return client;
  }
}
