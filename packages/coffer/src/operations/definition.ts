/** The definition of an operation: one file for each, one table of all (table.ts). */
import type { TProperties, TSchema } from 'typebox';
import type { Asset, Assets, Ledger } from '../ledger/index.ts';
import type { Reader } from '../wallets/index.ts';
import type { Rule } from './access.ts';
import type { HoldWallets } from './hold-wallets.ts';
import type { Input } from './input.ts';
import type { KnownAccounts } from './known-accounts.ts';
import type { KnownAssets } from './known-assets.ts';
import type { OperationOutcome, PostedOutcome, Prepared } from './outcome.ts';
import type { Terms } from './terms.ts';

export type Definition<Request extends Terms = Terms, Name extends string = string> = {
  /** Its `operationId` over REST, its policy row, its name in the audit. */
  readonly name: Name;
  readonly description: string;
  readonly access: Rule;
  /** The request's fields, beside the id of its subject. */
  readonly fields: TProperties;
  /** The id that the path carries over REST; in a batch and over gRPC it is a field. Absent: the fields name the wallet themselves. */
  readonly subject?: Subject;
  readonly rest: Rest;
  readonly example: Example;
  /** The `type` of such an item in a batch over REST. */
  readonly batchType: string;
  readonly grpc: Grpc;
  /** Reads the request from an input; throws InvalidInput. */
  read(input: Input): Request;
  /** Makes the ledger's operation. Queries the database only for facts that never change. */
  prepare(request: Request, context: Context): Promise<Prepared> | Prepared;
  /** The asset of amounts that are sent in major units, where neither the request nor its subject names it; undefined: the default asset. */
  assetOf?(input: Input, context: Context): Promise<Asset | undefined>;
  /** Work left between the posting and the answer. */
  settle?(outcome: OperationOutcome, request: Request, context: Context): OperationOutcome | Promise<OperationOutcome>;
  readonly answer: Answer<NoInfer<Request>>;
};

export type Subject = 'walletId' | 'holdId' | 'operationId';

export type Rest = {
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly tag: string;
  /** The status of the answer when it was posted. */
  readonly status: 200 | 201;
  /** A worker may do it later (202). */
  readonly async?: true;
  /** Field names in the body of a single request, where they differ. */
  readonly names?: Readonly<Record<string, string>>;
  /** Overrides for the answer to a single request. */
  readonly answer?: Answer;
};

/**
 * A request over REST. The documentation page sends it as it is: on a fresh demo, after the examples before it, it is done. It refers to
 * the demo's wallets (w1, w2), to the wallet that the example of open opens (shop), and to the operations that the examples of transfer
 * (1-20) and hold (1-23) cause. It has no idempotency key: sent again, it is a new request.
 */
export type Example = { readonly parameters?: Readonly<Record<string, string>>; readonly body: object };

export type Grpc = {
  /** The field of ledger.Operation, in camel case. */
  readonly field: string;
  /** Maps the message's fields to the operation's names, where they differ. */
  readonly values?: (message: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
};

/** The REST answer of a posted operation, identical at every replay. */
export type Answer<Request extends Terms = Terms> = {
  readonly schema: TSchema & { readonly properties: TProperties };
  present(outcome: PostedOutcome, view: AnswerContext<Request>): object;
};

export type AnswerContext<Request extends Terms = Terms> = { readonly assets: Assets; readonly reader: Reader; readonly request: Request };

/** Whether two wallets are in one book, so that money can move between them atomically. */
export type SharesBook = (one: string, other: string) => boolean;

/** What the preparation of an operation may use. */
export type Context = {
  readonly ledger: Ledger;
  readonly defaultAsset: Asset;
  readonly assets: KnownAssets;
  readonly accounts: KnownAccounts;
  readonly holds: HoldWallets;
  readonly sharesBook: SharesBook;
};

/** Preserves the types of one definition: `prepare` takes what `read` returns. */
export function define<Request extends Terms, const Name extends string>(definition: Definition<Request, Name>): Definition<Request, Name> {
  return definition;
}
