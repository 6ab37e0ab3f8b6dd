/** Holds: what callers ask for, as operations of the ledger. */
import { maximumAmount, placeOfOperationId } from '../ledger/index.ts';
import type { Ledger, Refusal } from '../ledger/index.ts';
import type { CaptureRequest, HoldRequest, Prepared, ReleaseRequest } from './asked.ts';
import { keyOrFresh } from './idempotency.ts';
import { assetUnknown } from './known-assets.ts';
import type { KnownAssets } from './known-assets.ts';
import { termsOf } from './money.ts';

/** Whole seconds: ten years. */
export const expiresInSecondsMax = 315_360_000;

export function prepareHold(asked: HoldRequest, assets: KnownAssets): Prepared {
  const key = keyOrFresh(asked.key);
  const asset = asked.asset === undefined ? undefined : assets.find(asked.asset);
  if (asked.asset !== undefined && !asset) return { key, refusal: assetUnknown(asked.asset) };
  const { wallet, amount, minimumBalance, expiresInSeconds } = asked;
  return {
    key,
    operation: {
      kind: 'hold',
      key,
      wallet,
      amount,
      ...(asked.upTo === true && { upTo: true }),
      ...(asset && { asset: asset.id }),
      ...(minimumBalance !== undefined && { minimumBalance }),
      ...(expiresInSeconds !== undefined && { expiresInSeconds }),
      ...termsOf(asked),
    },
  };
}

/** `wallet`: the hold's, undefined when there is no such hold. */
export function prepareCapture(asked: CaptureRequest, wallet: string | undefined): Prepared {
  const key = keyOrFresh(asked.key);
  const hold = placeOfOperationId(asked.hold)?.seq;
  if (wallet === undefined || hold === undefined) return { key, refusal: holdNotFound(asked.hold) };
  const operation = {
    kind: 'capture',
    key,
    wallet,
    hold,
    credit: asked.to,
    ...wholeOrPart(asked.amount),
    ...(asked.final === true && { final: true }),
    ...(asked.effectiveAt && { effectiveAt: asked.effectiveAt }),
    ...termsOf(asked),
  } as const;
  return { key, operation };
}

export function prepareRelease(asked: ReleaseRequest, wallet: string | undefined): Prepared {
  const key = keyOrFresh(asked.key);
  const hold = placeOfOperationId(asked.hold)?.seq;
  if (wallet === undefined || hold === undefined) return { key, refusal: holdNotFound(asked.hold) };
  return { key, operation: { kind: 'release', key, wallet, hold, ...wholeOrPart(asked.amount), ...termsOf(asked) } };
}

/** Without an amount, as much as there is. */
export function wholeOrPart(amount: bigint | undefined): { amount: bigint; upTo?: true } {
  return amount === undefined ? { amount: maximumAmount, upTo: true } : { amount };
}

function holdNotFound(hold: string): Refusal {
  return { code: 'hold_not_found', facts: { hold } };
}

const holdsKept = 100_000;

/** Whose holds are. It never changes, so a hold that was seen once costs no read again. */
export class HoldWallets {
  readonly #read: Pick<Ledger['read'], 'book'>;
  readonly #known = new Map<string, string>();

  constructor(read: Pick<Ledger['read'], 'book'>) {
    this.#read = read;
  }

  known(hold: string): string | undefined {
    return this.#known.get(hold);
  }

  /** Reads those that are not known yet, all together. */
  async learn(holds: readonly string[]): Promise<void> {
    const unknown = holds.filter((hold) => !this.#known.has(hold));
    if (unknown.length === 0) return;
    await Promise.all(
      unknown.map(async (hold) => {
        const place = placeOfOperationId(hold);
        const book = place && this.#read.book(place.book);
        const wallet = book && (await book.walletOfHold(place.seq));
        if (wallet !== null) this.remember(hold, wallet);
      }),
    );
  }

  remember(hold: string, wallet: string): void {
    if (this.#known.size >= holdsKept) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    this.#known.set(hold, wallet);
  }
}
