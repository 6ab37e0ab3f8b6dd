/** Takes operations from other processes for the books that this one owns. */
import type net from 'node:net';
import type tls from 'node:tls';
import { OperatorError } from '../../kernel/index.ts';
import type { Address, Log } from '../../kernel/index.ts';
import { LedgerBehind, LedgerHalted, LedgerOverloaded, LedgerUnavailable, NotOwner } from '../posting/outages.ts';
import type { PreparedOperation } from '../rules/decision.ts';
import type { Outcome } from '../rules/types.ts';
import { frameBytesMax, FrameWriter, greetingBytesMax, readFrames } from './frames.ts';
import type { Credential } from './leases.ts';
import { linkServer } from './link.ts';
import { protocolVersion } from './messages.ts';
import type { Failure, FromOwner, OwnerStatus, ToOwner } from './messages.ts';

const statusEveryMs = 1_000;

export type PeerServerOptions = {
  readonly listen: Address;
  readonly secret: Buffer;
  /** The ledger's identity. */
  readonly ledger: string;
  readonly log: Log;
  /** What proves that this process works on the database; null: not yet. */
  readonly credential: () => Credential | null;
  /** Whether a process works on this very database. */
  readonly isKnown: (credential: Credential) => Promise<boolean>;
  readonly post: (book: number, operations: readonly PreparedOperation[], linked: boolean, patienceMs: number) => Promise<Outcome[]>;
  readonly status: () => readonly OwnerStatus[];
  /** Another process asks for a book. */
  readonly asked: (book: number) => void;
};

export class PeerServer {
  readonly #options: PeerServerOptions;
  readonly #server: tls.Server;
  readonly #connections = new Map<tls.TLSSocket, FrameWriter<FromOwner> | null>();
  readonly #timer: NodeJS.Timeout;

  private constructor(options: PeerServerOptions) {
    this.#options = options;
    this.#server = linkServer(options.secret, (socket) => this.#connected(socket));
    this.#server.on('tlsClientError', (failure) =>
      options.log.debug({ reason: failure.message }, 'A process that does not know the ledger tried to connect'),
    );
    this.#timer = setInterval(() => this.tell(), statusEveryMs).unref();
  }

  /** Throws an OperatorError if the address cannot be listened on. */
  static async listen(options: PeerServerOptions): Promise<PeerServer> {
    const server = new PeerServer(options);
    const { host, port } = options.listen;
    try {
      await new Promise<void>((resolve, reject) => {
        server.#server.once('error', reject);
        // Each worker process has a port of its own, also if any will do.
        server.#server.listen({ port, host, exclusive: true }, resolve);
      });
    } catch (failure) {
      clearInterval(server.#timer);
      const reason = failure instanceof Error ? failure.message : String(failure);
      throw new OperatorError(
        `Cannot take operations from other processes on ${host}:${port}: ${reason}.`,
        'Set COFFER_OWNER_LISTEN to an address of this machine and a free port.',
        { cause: failure },
      );
    }
    server.#server.unref();
    return server;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** Tells every process the status of the books. */
  tell(): void {
    const books = this.#options.status();
    for (const frames of this.#connections.values()) frames?.send({ type: 'status', books });
  }

  /** Answers what is in progress, then disconnects. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    // Answers of this turn are on their way.
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    for (const socket of this.#connections.keys()) socket.end(() => socket.destroySoon());
    const timer = setTimeout(() => {
      for (const socket of this.#connections.keys()) socket.destroy();
    }, 500).unref();
    await closed;
    clearTimeout(timer);
  }

  #connected(socket: tls.TLSSocket): void {
    const { log } = this.#options;
    this.#connections.set(socket, null);
    socket.unref();
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('error', (failure) => log.debug({ reason: failure.message }, 'The connection of another process broke'));
    const frames = new FrameWriter<FromOwner>(socket);
    readFrames(
      socket,
      () => (this.#connections.get(socket) ? frameBytesMax : greetingBytesMax),
      (message: ToOwner) => {
        if (message.type === 'hello') {
          void this.#greet(socket, frames, message);
        } else if (!this.#connections.get(socket)) {
          throw new Error('another version or another ledger');
        } else if (message.type === 'ask') {
          this.#options.asked(message.book);
        } else {
          void this.#post(frames, message);
        }
      },
    );
  }

  async #greet(socket: tls.TLSSocket, frames: FrameWriter<FromOwner>, hello: ToOwner & { type: 'hello' }): Promise<void> {
    const { log, ledger, status } = this.#options;
    const { process, key } = hello;
    try {
      if (hello.version === protocolVersion && hello.ledger === ledger && !(await this.#options.isKnown({ process, key }))) {
        log.warn({ process }, 'A process that works on a copy of this database tried to hand operations over; refused');
        return void socket.destroy();
      }
      const credential = this.#options.credential();
      if (!credential) return void socket.destroy();
      // To another version or ledger too: it says why it goes.
      frames.send({ type: 'welcome', version: protocolVersion, ledger, ...credential });
      if (hello.version !== protocolVersion || hello.ledger !== ledger) return;
      this.#connections.set(socket, frames);
      frames.send({ type: 'status', books: status() });
    } catch (failure) {
      socket.destroy(failure instanceof Error ? failure : undefined);
    }
  }

  async #post(frames: FrameWriter<FromOwner>, message: ToOwner & { type: 'post' }): Promise<void> {
    const { id, book, operations, linked, patienceMs } = message;
    try {
      frames.send({ type: 'answer', id, outcomes: await this.#options.post(book, operations, linked, patienceMs) });
    } catch (failure) {
      frames.send({ type: 'failure', id, failure: failureOf(failure) });
    }
  }
}

function failureOf(failure: unknown): Failure {
  if (failure instanceof NotOwner) return { code: 'not_owner', isSent: failure.isSent };
  if (failure instanceof LedgerUnavailable) return { code: 'unavailable', outcome: failure.outcome };
  const message = failure instanceof Error ? failure.message : String(failure);
  if (failure instanceof LedgerOverloaded) return { code: 'overloaded', message };
  if (failure instanceof LedgerBehind) return { code: 'behind', message };
  return { code: failure instanceof LedgerHalted ? 'halted' : 'bug', message };
}
