/** What can be done with wallets. Each command is one operation of the ledger: the ledger decides, nothing here does. */
import { bookOfWallet, operationId } from '../ledger/index.ts';
import type { Asset, Ledger } from '../ledger/index.ts';
import { refusedUnseen } from './asked.ts';
import type {
  BatchItem,
  CaptureRequest,
  CloseAllRequest,
  CloseRequest,
  CreditLineRequest,
  FreezeRequest,
  HoldRequest,
  LimitRequest,
  OpenRequest,
  OwnerMoneyRequest,
  Prepared,
  RefusedOutcome,
  ReleaseRequest,
  ReversalRequest,
  TransferRequest,
  WalletMoneyRequest,
  WalletOutcome,
} from './asked.ts';
import { postEach, postLinked, prepareBatch } from './batches.ts';
import { closeAllOf } from './closing.ts';
import { prepareClose, prepareCreditLine, prepareFreeze, prepareLimit } from './controls.ts';
import { prepareReversal } from './corrections.ts';
import { HoldWallets, prepareCapture, prepareHold, prepareRelease } from './holds.ts';
import { KnownAssets } from './known-assets.ts';
import { prepareDeposit, prepareOpen, prepareSpend, prepareTopUp, prepareTransfer, prepareWithdrawal } from './money.ts';
import type { SharesBook } from './money.ts';
import { entryOfOperation } from './operations.ts';
import { openedBy, reviewed, sweepReviewed } from './reviewing.ts';
import type { Reviews } from './reviewing.ts';
import { followed } from './sagas/follow.ts';

export class WalletCommands {
  readonly #ledger: Ledger;
  readonly #assets: KnownAssets;
  readonly #holds: HoldWallets;
  readonly #sharesBook: SharesBook;
  readonly #reviews: Reviews | undefined;

  /** `reviews`: says which withdrawals are not posted at once; none are held back when absent. */
  constructor(ledger: Ledger, defaultAsset: Asset, reviews?: Reviews) {
    this.#ledger = ledger;
    this.#reviews = reviews;
    this.#assets = new KnownAssets(ledger.assets, defaultAsset);
    this.#holds = new HoldWallets(ledger.read);
    const books = ledger.books.length;
    this.#sharesBook = books === 1 ? () => true : (one, other) => bookOfWallet(one, books) === bookOfWallet(other, books);
  }

  /** Opens the owner's wallet in an asset, or a wallet of its own name that nobody owns. `creditLimit`: how far below zero it may go. */
  async open(asked: OpenRequest): Promise<WalletOutcome> {
    return await this.#post(prepareOpen(asked, this.#assets));
  }

  /** From outside into a wallet; the first deposit opens it. */
  async deposit(asked: WalletMoneyRequest): Promise<WalletOutcome> {
    return await this.#post(prepareDeposit(asked, this.#assets));
  }

  /** From a wallet to the outside. */
  async withdraw(asked: WalletMoneyRequest): Promise<WalletOutcome> {
    const prepared = prepareWithdrawal(asked, this.#assets);
    return await this.#post(this.#reviews ? await reviewed(this.#ledger, this.#reviews, asked, prepared) : prepared);
  }

  /**
   * From one wallet to another of the same asset: at once, or in steps where they are in different books, or that is asked for. Then it is
   * answered when it has ended, or, while a book is away, with how far it came (`saga`): somebody will end it.
   */
  async transfer(asked: TransferRequest): Promise<WalletOutcome> {
    return await followed(this.#ledger, await this.#post(prepareTransfer(asked, this.#assets, this.#sharesBook)));
  }

  /** From the treasury to a user's wallet, which is opened on the way when the user has none in that asset yet. */
  async topUp(asked: OwnerMoneyRequest): Promise<WalletOutcome> {
    return await this.#post(prepareTopUp(asked, this.#assets));
  }

  /** From a user's wallet back to the treasury. */
  async spend(asked: OwnerMoneyRequest): Promise<WalletOutcome> {
    return await this.#post(prepareSpend(asked, this.#assets));
  }

  /** Reserves an amount. The id of the operation names the hold from then on. */
  async hold(asked: HoldRequest): Promise<WalletOutcome> {
    const outcome = await this.#post(prepareHold(asked, this.#assets));
    if (outcome.status === 'posted') this.#holds.remember(operationId(outcome.entry), asked.wallet);
    return outcome;
  }

  /** Posts a part of a hold, or what is left of it. */
  async capture(asked: CaptureRequest): Promise<WalletOutcome> {
    await this.#holds.learn([asked.hold]);
    return await this.#post(prepareCapture(asked, this.#holds.known(asked.hold)));
  }

  /** Gives a part of a hold back, or what is left of it. */
  async release(asked: ReleaseRequest): Promise<WalletOutcome> {
    await this.#holds.learn([asked.hold]);
    return await this.#post(prepareRelease(asked, this.#holds.known(asked.hold)));
  }

  /** Moves back what an operation moved, wholly or in part. */
  async reverse(asked: ReversalRequest): Promise<WalletOutcome> {
    return await this.#post(prepareReversal(asked, await entryOfOperation(this.#ledger, asked.operation, asked.onlyOwner)));
  }

  async freeze(asked: FreezeRequest): Promise<WalletOutcome> {
    return await this.#post(prepareFreeze(asked, 'freeze'));
  }

  async unfreeze(asked: FreezeRequest): Promise<WalletOutcome> {
    return await this.#post(prepareFreeze(asked, 'unfreeze'));
  }

  /** For good. What the wallet holds is swept to another account, when one is named. */
  async close(asked: CloseRequest): Promise<WalletOutcome> {
    return await this.#post(prepareClose(asked));
  }

  async setLimits(asked: LimitRequest): Promise<WalletOutcome> {
    return await this.#post(prepareLimit(asked));
  }

  async setCreditLine(asked: CreditLineRequest): Promise<WalletOutcome> {
    return await this.#post(prepareCreditLine(asked));
  }

  /** All wallets of an owner, or none: answers with what stands against it, or null. */
  async closeAllOf(asked: CloseAllRequest): Promise<RefusedOutcome | null> {
    const held = this.#reviews ? await sweepReviewed(this.#ledger, this.#reviews, asked) : null;
    return held ?? (await closeAllOf(this.#ledger, asked));
  }

  /** Up to `batchSizeMax` operations, decided in their order: each by itself, or when `atomic` all of them or none. */
  async batch(items: readonly BatchItem[], { atomic }: { readonly atomic: boolean }): Promise<WalletOutcome[]> {
    // In a group a transfer is at once or refused: what asks for anything else says so by its mode.
    const asked = await prepareBatch(this.#ledger, items, this.#assets, this.#holds, atomic ? () => true : this.#sharesBook);
    const prepared = await this.#reviewed(items, asked);
    return atomic ? await postLinked(this.#ledger, prepared) : await postEach(this.#ledger, prepared);
  }

  async #reviewed(items: readonly BatchItem[], prepared: readonly Prepared[]): Promise<readonly Prepared[]> {
    const reviews = this.#reviews;
    if (!reviews || !items.some(({ type }) => type === 'withdraw') || !(await reviews.areOn())) return prepared;
    const opened = openedBy(prepared);
    return await Promise.all(
      prepared.map(async (one, at) => {
        const item = items[at];
        return item?.type === 'withdraw' ? await reviewed(this.#ledger, reviews, item, one, opened) : one;
      }),
    );
  }

  async #post(prepared: Prepared): Promise<WalletOutcome> {
    const { key } = prepared;
    if ('refusal' in prepared) return refusedUnseen(key, prepared.refusal);
    return { ...(await this.#ledger.post(prepared.operation)), key };
  }
}
