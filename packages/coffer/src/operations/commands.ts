/** The commands of the product: each posts one operation of the table. The ledger decides; nothing here does. */
import { bookOfWallet } from '../ledger/index.ts';
import type { Asset, Closing, Ledger } from '../ledger/index.ts';
import { postEach, postLinked } from './batch.ts';
import { closeAllOf } from './closing.ts';
import { close } from './close.ts';
import type { CloseAllRequest, Closing as ClosingOfWallet } from './closing.ts';
import type { Context, Definition, SharesBook } from './definition.ts';
import { dated } from './effective-date.ts';
import { HoldWallets } from './hold-wallets.ts';
import type { Input } from './input.ts';
import { KnownAccounts } from './known-accounts.ts';
import { KnownAssets } from './known-assets.ts';
import { plainMetadata } from '../metadata/index.ts';
import type { MetadataVault } from '../metadata/index.ts';
import { refusedUnseen } from './outcome.ts';
import type { OperationOutcome, Prepared, RefusedOutcome } from './outcome.ts';
import { checked } from './approval.ts';
import type { ApprovalGate, Approvals, Manner } from './approval.ts';
import { gated, leaves, openedBy, sweepHeldBack } from './outward.ts';
import { openedOutcome, retriesRecognised, sealedRequest } from './sealing.ts';
import type { OutwardGate, Reviews } from './outward.ts';
import { operations } from './table.ts';
import type { CommandName, RequestOf } from './table.ts';
import type { Decided, Terms } from './terms.ts';
import { countedInMinor } from './units.ts';
import type { Counted } from './units.ts';

/** One operation of a batch. */
export type BatchItem = { readonly definition: Definition; readonly request: Terms };

/** A command for each operation, typed by its definition. */
type OperationCommands = { readonly [K in CommandName]: (request: RequestOf<K>) => Promise<OperationOutcome> };

export type Commands = OperationCommands & {
  /** Posts an operation of the table by its definition. */
  run(definition: Definition, request: Terms): Promise<OperationOutcome>;
  /** Up to `batchSizeMax` operations, decided in order: independently, or when `atomic` all or none. */
  batch(items: readonly BatchItem[], options: { readonly atomic: boolean }): Promise<OperationOutcome[]>;
  /** The request with its metadata encrypted, where that is asked for: do this before anything but a command stores it. */
  sealed<T extends Terms>(definition: Definition, request: T): Promise<T>;
  /** The input with its amounts in minor units. Throws InvalidInput. */
  counted(definition: Definition, input: Input): Counted | Promise<Counted>;
  /** The refusal that keeps an asynchronous operation from being accepted because of a policy; null if none applies. */
  heldForApproval(definition: Definition, request: Terms): Promise<RefusedOutcome | null>;
  /** Closes the period before a date: nothing new may be dated before it. Null when the date is in the future. */
  closePeriod(request: Decided & { readonly before: Date }): Promise<Closing | null>;
  /** Closes all wallets of an owner, or none: returns the first refusal, or null. */
  closeAllOf(request: CloseAllRequest): Promise<RefusedOutcome | null>;
};

export type CommandsOptions = {
  readonly ledger: Ledger;
  readonly defaultAsset: Asset;
  /** Which withdrawals need a review; none when absent. */
  readonly reviews?: Reviews | undefined;
  /** Whether somebody decides about payouts: then withdrawals without a clearance are asynchronous. */
  readonly isPayoutDecided?: boolean;
  /** Which operations need a second person; none when absent. */
  readonly approvals?: Approvals | undefined;
  /** Metadata is stored as it is when absent. */
  readonly metadata?: MetadataVault | undefined;
};

type Gate = OutwardGate & ApprovalGate;

const alone = {};
const nothingOpened: ReadonlyMap<string, number> = new Map();

export function createCommands({
  ledger,
  defaultAsset,
  reviews,
  isPayoutDecided = false,
  approvals,
  metadata: vault = plainMetadata,
}: CommandsOptions): Commands {
  const books = ledger.books.length;
  const sharesBook: SharesBook = books === 1 ? () => true : (one, other) => bookOfWallet(one, books) === bookOfWallet(other, books);
  const assets = new KnownAssets(ledger.assets, defaultAsset);
  const accounts = new KnownAccounts(ledger.chart, ledger.assets);
  const context: Context = { ledger, defaultAsset, assets, accounts, holds: new HoldWallets(ledger.read), sharesBook };
  const gate: Gate = { ledger, reviews, isPayoutDecided, approvals };
  const posting = retriesRecognised(ledger, vault);
  const isPlain = ({ metadata }: Terms) => metadata === undefined || vault === plainMetadata;
  const sealed = async <T extends Terms>(definition: Definition, request: T) => {
    await learn(context, [request]);
    return await sealedRequest(vault, definition, request, context);
  };

  const run = async (definition: Definition, given: Terms): Promise<OperationOutcome> => {
    const learning = isPlain(given) ? learn(context, [given]) : null;
    if (learning) await learning;
    const request = isPlain(given) ? given : await sealed(definition, given);
    // Awaits only an actual promise: most operations are prepared synchronously.
    const preparing = definition.prepare(request, context);
    const dating = dated(ledger, preparing instanceof Promise ? await preparing : preparing);
    const gating = gated(gate, request, dating instanceof Promise ? await dating : dating, nothingOpened);
    const checking = checked(gate, definition, request, gating instanceof Promise ? await gating : gating, alone);
    const prepared = checking instanceof Promise ? await checking : checking;
    const { key } = prepared;
    const outcome = 'refusal' in prepared ? refusedUnseen(key, prepared.refusal) : { ...(await posting.post(prepared.operation)), key };
    const naming = ledger.assets.learnFrom([outcome.entry]);
    if (naming) await naming;
    const settled = definition.settle ? await definition.settle(outcome, request, context) : outcome;
    return isPlain(given) ? settled : await openedOutcome(vault, settled);
  };

  const sealedItem = async ({ definition, request }: BatchItem) => ({ definition, request: await sealed(definition, request) });

  const batch = async (given: readonly BatchItem[], { atomic }: { readonly atomic: boolean }): Promise<OperationOutcome[]> => {
    const items = given.every(({ request }) => isPlain(request)) ? given : await Promise.all(given.map(sealedItem));
    // In a group a transfer is posted immediately or refused; its mode can request steps.
    const within = atomic ? { ...context, sharesBook: () => true } : context;
    const prepared = await prepareAll(items, within, gate, { linked: atomic });
    const outcomes = await (atomic ? postLinked(posting, prepared) : postEach(posting, prepared));
    await ledger.assets.learnFrom(outcomes.map(({ entry }) => entry));
    if (items === given && items.every(({ definition }) => !definition.settle)) return outcomes;
    // A transfer in steps began in order, and ends in parallel with the others.
    return await Promise.all(
      outcomes.map(async (outcome, at) => {
        const item = items[at];
        const settled = item?.definition.settle ? await item.definition.settle(outcome, item.request, within) : outcome;
        return items === given ? settled : await openedOutcome(vault, settled);
      }),
    );
  };

  const commands = Object.fromEntries(
    Object.entries(operations).map(([name, definition]) => [name, (request: Terms) => run(definition, request)]),
  ) as unknown as OperationCommands;
  return {
    ...commands,
    run,
    batch,
    sealed,
    counted: (definition, input) => countedInMinor(definition, input, context),
    async heldForApproval(definition, request) {
      await learn(context, [request]);
      const prepared = await definition.prepare(request, context);
      if ('refusal' in prepared) return null;
      // Any refusal counts, also that the key is used: once it is accepted, no policy applies any more.
      const judged = await checked(gate, definition, request, prepared, { later: true });
      return 'refusal' in judged ? refusedUnseen(judged.key, judged.refusal) : null;
    },
    closePeriod: (request) => ledger.closings.close(request),
    async closeAllOf(request) {
      const { actor, maker } = request;
      // One step cannot wait for a second person, so what needs one is closed beforehand, each wallet alone.
      const obstacleTo = async (operation: ClosingOfWallet) => {
        const prepared = await checked(gate, close, { actor, maker }, { key: operation.key, operation }, { linked: true });
        return 'refusal' in prepared ? { ...prepared.refusal, facts: { wallet: operation.wallet } } : null;
      };
      return (await sweepHeldBack(gate, request)) ?? (await closeAllOf(ledger, request, obstacleTo));
    },
  };
}

/** Looks up the assets and accounts that requests name and this process does not know yet; null, without waiting, when it knows them. */
function learn({ assets, accounts }: Context, requests: readonly Terms[]): Promise<unknown> | null {
  const [learningAssets, learningAccounts] = [assets.learn(requests), accounts.learn(requests)];
  return learningAssets && learningAccounts ? Promise.all([learningAssets, learningAccounts]) : (learningAssets ?? learningAccounts);
}

async function prepareAll(items: readonly BatchItem[], context: Context, gate: Gate, manner: Manner): Promise<readonly Prepared[]> {
  await learn(
    context,
    items.map(({ request }) => request),
  );
  // As for a single operation, only actual promises are awaited.
  const preparing = items.map(({ definition, request }) => {
    const prepared = definition.prepare(request, context);
    return prepared instanceof Promise ? prepared.then((one) => dated(gate.ledger, one)) : dated(gate.ledger, prepared);
  });
  const prepared = preparing.every(isReady) ? preparing : await Promise.all(preparing.map(async (one) => await one));
  const admitted = prepared.some(leaves) ? await outwardGated(items, prepared, gate) : prepared;
  const checking = admitted.map((one, at) => {
    const item = items[at];
    return item ? checked(gate, item.definition, item.request, one, manner) : one;
  });
  return checking.every(isReady) ? checking : await Promise.all(checking.map(async (one) => await one));
}

async function outwardGated(items: readonly BatchItem[], prepared: readonly Prepared[], gate: Gate): Promise<readonly Prepared[]> {
  const opened = openedBy(prepared);
  return await Promise.all(prepared.map(async (one, at) => await gated(gate, items[at]?.request ?? {}, one, opened)));
}

function isReady(prepared: Prepared | Promise<Prepared>): prepared is Prepared {
  return !(prepared instanceof Promise);
}
