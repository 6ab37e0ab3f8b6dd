/** Builds the runner from the parts of a worker. */
import { assert } from '../kernel/index.ts';
import type { Log } from '../kernel/index.ts';
import type { PayoutConfig } from './settings.ts';
import { operationId, parseOperationId } from '../ledger/index.ts';
import type { Ledger } from '../ledger/index.ts';
import type { Payer } from './paying.ts';
import type { RequestCommands } from './posting.ts';
import { RequestRunner } from './runner.ts';
import type { RunnerOptions } from './runner.ts';
import type { Reviews } from './types.ts';

export type RequestWork = {
  /** The database URL in the role of the running Coffer. */
  readonly url: string;
  readonly log: Log;
  readonly ledger: Pick<Ledger, 'read' | 'assets'>;
  readonly commands: RequestCommands;
  readonly payout: PayoutConfig;
  readonly call: Payer['call'];
  readonly reviews?: Reviews | undefined;
} & Partial<Pick<RunnerOptions, 'concurrency' | 'leaseMs' | 'pollMs' | 'reached' | 'metadata'>> &
  Partial<Pick<Payer, 'callTimeoutMs' | 'retryMs'>>;

/** The time a payer has to answer. */
const callTimeoutMs = 10_000;
const retryMs = 1_000;

export function startRequestRunner(work: RequestWork): RequestRunner {
  const { ledger, payout, call } = work;
  const payer =
    payout.kind === 'webhook'
      ? {
          url: payout.url,
          secrets: payout.secrets,
          call,
          callTimeoutMs: work.callTimeoutMs ?? callTimeoutMs,
          retryMs: work.retryMs ?? retryMs,
        }
      : null;
  return new RequestRunner({
    ...work,
    payer,
    assetOf: async (wallet) => {
      const balance = await ledger.read.balance(wallet);
      assert(balance, 'wallets are never deleted');
      await ledger.assets.learnFrom([balance]);
      return ledger.assets.get(balance.asset);
    },
    isOpen: async (wallet) => {
      const balance = await ledger.read.balance(wallet);
      assert(balance, 'wallets are never deleted');
      return balance.controls.debits === 'open';
    },
    partsOf: async (id) => {
      const place = parseOperationId(id);
      const book = place && ledger.read.book(place.book);
      const found = place && (await book?.hold(place.seq));
      assert(book && found, 'holds are never deleted');
      const { hold, captured } = found;
      const entries = captured > 0n ? await book.entriesOfHold(place.seq) : [];
      const last = entries.findLast(({ kind }) => kind === 'capture');
      return { left: hold.left, captured, capture: last ? { operation: operationId(last), seq: last.seq } : null };
    },
  });
}
