/** The wallet of a hold. It never changes, so a cached hold costs no further read. */
import { parseOperationId } from '../ledger/index.ts';
import type { Ledger, Refusal } from '../ledger/index.ts';

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

export function holdNotFound(hold: string): Refusal {
  return { code: 'hold_not_found', facts: { hold } };
}
