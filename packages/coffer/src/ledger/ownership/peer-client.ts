/** One connection to the process that owns books, over which operations are handed to it. It does not reconnect. */
import type tls from 'node:tls';
import { assert, hostAndPort } from '../../kernel/index.ts';
import { LedgerBehind, LedgerHalted, LedgerOverloaded, LedgerUnavailable, NotOwner } from '../posting/outages.ts';
import type { PreparedOperation } from '../rules/decision.ts';
import type { Outcome } from '../rules/types.ts';
import { frameBytesMax, FrameWriter, readFrames } from './frames.ts';
import type { Credential, Peer } from './leases.ts';
import { linkTo } from './link.ts';
import { protocolVersion } from './messages.ts';
import type { Failure, FromOwner, OwnerStatus, ToOwner } from './messages.ts';

/** The owner tells its status every second: a connection that is silent for this long is given up. */
const silenceMaxMs = 3_000;
/** What waits for answers, at most: like the owner's own queue. */
const operationsMax = 100_000;

type Pending = {
  readonly answer: (outcomes: Outcome[]) => void;
  readonly fail: (failure: Error) => void;
  readonly count: number;
};

export type PeerClientOptions = {
  /** What proves that this process works on the database; null: not yet. */
  readonly credential: () => Credential | null;
  /** Whether the owner works on this very database. */
  readonly isKnown: (credential: Credential) => Promise<boolean>;
  readonly owner: Peer;
  readonly secret: Buffer;
  readonly ledger: string;
  /** It answered: operations are on their way from now on. */
  readonly opened: () => void;
  /** It told the status of its books. */
  readonly told: () => void;
  /** The connection is over. `isRefused`: nothing listens at the owner's address any more. `reason`: for the log. */
  readonly closed: (isRefused: boolean, reason: string) => void;
};

export class PeerClient {
  readonly #options: PeerClientOptions;
  readonly #socket: tls.TLSSocket;
  readonly #frames: FrameWriter<ToOwner>;
  readonly #pending = new Map<number, Pending>();
  readonly #watch: NodeJS.Timeout;
  #operations = 0;
  #lastId = 0;
  #heardAtMs = performance.now();
  #isOpen = false;
  #status = new Map<number, OwnerStatus>();
  #reason = 'it ended the connection';
  #code: string | undefined;

  constructor(options: PeerClientOptions) {
    this.#options = options;
    const { owner, secret, ledger } = options;
    const address = hostAndPort.parse(owner.address);
    assert('value' in address, 'a process writes its own address');
    this.#socket = linkTo(address.value, secret);
    this.#frames = new FrameWriter(this.#socket);
    this.#socket.once('secureConnect', () => {
      const credential = options.credential();
      if (credential) this.#frames.send({ type: 'hello', version: protocolVersion, ledger, ...credential });
      else this.#socket.destroy(new Error('this process has not attended yet'));
    });
    this.#socket.on('error', (failure: NodeJS.ErrnoException) => {
      this.#reason = failure.message;
      this.#code = failure.code;
    });
    this.#socket.on('close', () => this.#closed());
    // Statuses may overtake the check of the welcome.
    readFrames(
      this.#socket,
      () => frameBytesMax,
      (message: FromOwner) => this.#receive(message),
    );
    this.#watch = setInterval(() => {
      if (performance.now() - this.#heardAtMs > silenceMaxMs) this.#socket.destroy(new Error('it is silent'));
    }, 250).unref();
  }

  /** True while the owner answers. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** What the owner last told of a book; undefined: it does not own it. */
  status(book: number): OwnerStatus | undefined {
    return this.#isOpen ? this.#status.get(book) : undefined;
  }

  /** Hands operations over. Throws like the owner's queue; NotOwner also when the connection ends before the answer. */
  post(book: number, operations: readonly PreparedOperation[], linked: boolean, patienceMs: number): Promise<Outcome[]> {
    if (!this.#isOpen) return Promise.reject(new NotOwner(false));
    if (this.#operations + operations.length > operationsMax) return Promise.reject(new LedgerOverloaded());
    const id = ++this.#lastId;
    this.#frames.send({ type: 'post', id, book, linked, patienceMs, operations });
    return new Promise((answer, fail) => {
      this.#pending.set(id, { answer, fail, count: operations.length });
      this.#operations += operations.length;
    });
  }

  /** Asks for a book. */
  ask(book: number): void {
    if (this.#isOpen) this.#frames.send({ type: 'ask', book });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(message: FromOwner): void {
    this.#heardAtMs = performance.now();
    if (message.type === 'welcome') {
      if (message.version !== protocolVersion || message.ledger !== this.#options.ledger)
        throw new Error('it runs another version of Coffer, or serves another ledger');
      void this.#check(message);
    } else if (message.type === 'status') {
      this.#status = new Map(message.books.map((status) => [status.book, status]));
      if (this.#isOpen) this.#options.told();
    } else {
      const pending = this.#pending.get(message.id);
      this.#pending.delete(message.id);
      this.#operations -= pending?.count ?? 0;
      if (message.type === 'answer') pending?.answer(message.outcomes);
      else pending?.fail(errorOf(message.failure));
    }
  }

  /** A process on a copy of the database may have taken the owner's address: what it posts, this database does not have. */
  async #check({ process, key }: Credential): Promise<void> {
    try {
      const isOwner = process === this.#options.owner.id && (await this.#options.isKnown({ process, key }));
      if (!isOwner) throw new Error('it works on a copy of this database, or is another process');
      if (this.#socket.destroyed) return;
      this.#isOpen = true;
      this.#socket.unref();
      this.#options.opened();
      this.#options.told();
    } catch (failure) {
      this.#socket.destroy(failure instanceof Error ? failure : undefined);
    }
  }

  #closed(): void {
    clearInterval(this.#watch);
    this.#isOpen = false;
    for (const { fail } of this.#pending.values()) fail(new NotOwner(true));
    this.#pending.clear();
    this.#operations = 0;
    this.#options.closed(this.#code === 'ECONNREFUSED', this.#reason);
  }
}

function errorOf(failure: Failure): Error {
  if (failure.code === 'not_owner') return new NotOwner(failure.isSent);
  if (failure.code === 'unavailable') return new LedgerUnavailable(failure.outcome);
  if (failure.code === 'overloaded') return new LedgerOverloaded();
  if (failure.code === 'behind') return new LedgerBehind();
  if (failure.code === 'halted') return new LedgerHalted(new Error(failure.message));
  return new Error(`The owner of the book failed: ${failure.message}`);
}
