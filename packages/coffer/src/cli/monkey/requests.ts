/** The requests of the monkey, and the journal of their answers. */
import { CofferRefused, CofferUnavailable } from '../../../../client/src/index.ts';
import type { Coffer } from '../../../../client/src/index.ts';

/** By their names in the log. */
export type Kind = 'open' | 'deposit' | 'withdrawal' | 'transfer' | 'topup' | 'spend' | 'hold' | 'capture' | 'release';

/** A request that can be sent any number of times: its key and content stay the same. */
export type MonkeyRequest = {
  readonly kind: Kind;
  /** The wallet that initiates it, and that its key belongs to. */
  readonly wallet: string;
  readonly key: string;
  readonly amount: bigint;
  readonly to?: string;
  /** The hold to capture or release. */
  readonly holdId?: string;
  /** For operations that only a user may request. */
  readonly token?: string;
};

export type After = { readonly walletId: string; readonly balance: string | null; readonly version: number | null };

/** Fields of every kind of answer. */
export type Answered = {
  readonly operationId: string;
  readonly seq: number;
  readonly requestId: string;
  readonly walletId: string;
  readonly balance: string;
  readonly version: number;
  readonly createdAt: string;
  readonly amount?: string;
  readonly holdId?: string;
  /** The recipient; its balance is shown only to callers who may see it. */
  readonly to?: After;
};

export type Outcome =
  | { readonly status: 'completed'; readonly answer: Answered; readonly replayed: boolean }
  | {
      readonly status: 'refused';
      readonly code: string;
      readonly operationId: string | undefined;
      readonly replayed: boolean;
      readonly isReturned: boolean;
    }
  | { readonly status: 'not_done' | 'unknown' | 'done' | 'misunderstood'; readonly reason: string };

export type Why = 'once' | 'again' | 'at once' | 'other content' | 'too much' | 'race';

/** A request and its outcome; `sentAtMs` by the monotonic clock. */
export type Entry = {
  readonly request: MonkeyRequest;
  readonly why: Why;
  readonly outcome: Outcome;
  readonly sentAtMs: number;
  readonly durationMs: number;
};

/** The asset of top-up and spend in the demo: Reward Points. */
export const points = 2;

export async function send(coffer: Coffer, request: MonkeyRequest): Promise<Outcome> {
  try {
    const { replayed, ...answer } = await call(coffer, request);
    return { status: 'completed', answer, replayed };
  } catch (failure) {
    if (failure instanceof CofferRefused) {
      const { code, operationId, replayed } = failure;
      return { status: 'refused', code, operationId, replayed, isReturned: failure.facts['transferStatus'] === 'compensated' };
    }
    if (failure instanceof CofferUnavailable) return { status: failure.outcome, reason: failure.message };
    return { status: 'misunderstood', reason: String(failure) };
  }
}

async function call(
  coffer: Coffer,
  { kind, wallet, key, amount, to, holdId = '', token }: MonkeyRequest,
): Promise<Answered & { replayed: boolean }> {
  const options = token === undefined ? {} : { token };
  switch (kind) {
    case 'open':
      return await coffer.openWallet({ id: wallet, creditLimit: amount, key });
    case 'deposit':
      return await coffer.deposit({ walletId: wallet, amount, key });
    case 'withdrawal':
      return await coffer.withdraw({ walletId: wallet, amount, key });
    case 'transfer':
      return await coffer.transfer({ walletId: wallet, toWalletId: to ?? '', amount, key });
    case 'hold':
      return await coffer.authorizeHold({ walletId: wallet, amount, key });
    case 'capture':
      return await coffer.captureHold({ holdId, amount, toWalletId: to, key });
    case 'release':
      return await coffer.releaseHold({ holdId, amount, key });
    case 'topup':
      return await coffer.topUp({ amount, asset_type_id: points, key }, options);
    case 'spend':
      return await coffer.spend({ amount, asset_type_id: points, key }, options);
  }
}
