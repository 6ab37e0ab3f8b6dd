/** Holds as callers name them, with their wallets. The wallet of a hold never changes, so a cached hold costs no further read. */
import { parseOperationId } from '../ledger/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { keyOrFresh } from './idempotency.ts';
import type { RefusedEarly } from './outcome.ts';
import type { Terms } from './terms.ts';

const cachedMax = 100_000;

export class HoldWallets {
  readonly #read: Pick<Ledger['read'], 'book'>;
  readonly #known = new Map<string, string>();

  constructor(read: Pick<Ledger['read'], 'book'>) {
    this.#read = read;
  }

  /** Undefined when there is no such hold. */
  async walletOf(hold: string): Promise<string | undefined> {
    const known = this.#known.get(hold);
    if (known !== undefined) return known;
    const place = parseOperationId(hold);
    const book = place && this.#read.book(place.book);
    const wallet = (book && (await book.walletOfHold(place.seq))) ?? undefined;
    if (wallet !== undefined) this.remember(hold, wallet);
    return wallet;
  }

  remember(hold: string, wallet: string): void {
    if (this.#known.size >= cachedMax) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    this.#known.set(hold, wallet);
  }
}

/** A request that resolves a hold, or a part of it. `hold`: the id in the answer to its authorisation. */
export type ResolvingRequest = Terms & { readonly hold: string };

/** The parts of an operation on the hold that a request names: its key, the wallet, and the hold's seq. Refusal: hold_not_found. */
export async function holdNamedBy(
  request: ResolvingRequest,
  holds: HoldWallets,
): Promise<{ readonly key: string; readonly wallet: string; readonly hold: number } | RefusedEarly> {
  const key = keyOrFresh(request.key);
  const wallet = await holds.walletOf(request.hold);
  const hold = parseOperationId(request.hold)?.seq;
  if (wallet === undefined || hold === undefined) return { key, refusal: { code: 'hold_not_found', facts: { hold: request.hold } } };
  return { key, wallet, hold };
}
