/** What an operation of the product is described by: one file for each, one table of all (table.ts). */
import type { TProperties, TSchema } from 'typebox';
import type { Asset, Assets, Ledger } from '../ledger/index.ts';
import type { Reader } from '../wallets/index.ts';
import type { Rule } from './access.ts';
import type { HoldWallets } from './hold-wallets.ts';
import type { Input } from './input.ts';
import type { KnownAssets } from './known-assets.ts';
import type { OperationOutcome, PostedOutcome, Prepared } from './outcome.ts';
import type { Reviews } from './reviewing.ts';
import type { Terms } from './terms.ts';

export type Definition<Request extends Terms = Terms, Name extends string = string> = {
  /** Its `operationId` over REST, its row of the policy, its name in the audit. */
  readonly name: Name;
  readonly description: string;
  readonly access: Rule;
  /** What a request may say, beside the id of its subject. */
  readonly fields: TProperties;
  /** The id that the path carries over REST; in a batch and over gRPC it is a field. Absent: the fields name the wallet themselves. */
  readonly subject?: Subject;
  readonly rest: Rest;
  /** The `type` of such an item in a batch over REST. */
  readonly batchType: string;
  readonly grpc: Grpc;
  /** The request of an input; throws InvalidInput. */
  read(input: Input): Request;
  /** The ledger's operation. Asks the database only for facts that never change. */
  prepare(request: Request, context: Context): Promise<Prepared> | Prepared;
  /** Holds a prepared operation back: for what needs a decision that the ledger does not make. */
  gate?(request: Request, prepared: Prepared, context: Context, opened: Opened): Prepared | Promise<Prepared>;
  /** What is left to do after it was posted, before it is answered. */
  settle?(outcome: OperationOutcome, request: Request, context: Context): OperationOutcome | Promise<OperationOutcome>;
  readonly answer: Answer<NoInfer<Request>>;
};

export type Subject = 'walletId' | 'holdId' | 'operationId';

export type Rest = {
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly tag: string;
  /** Of the answer to what was posted. */
  readonly status: 200 | 201;
  /** It may be left to a worker (202). */
  readonly async?: true;
  /** What a field is called in the body of a single request, where that is not its name. */
  readonly names?: Readonly<Record<string, string>>;
  /** What the answer to a single request changes. */
  readonly answer?: Answer;
};

export type Grpc = {
  /** The field of ledger.Operation, in camel case. */
  readonly field: string;
  /** The message's fields under the names of the operation's, where they differ. */
  readonly values?: (message: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
};

/** How an operation that was posted is answered over REST, then and at every replay. */
export type Answer<Request extends Terms = Terms> = {
  readonly schema: TSchema & { readonly properties: TProperties };
  present(outcome: PostedOutcome, view: AnswerContext<Request>): object;
};

export type AnswerContext<Request extends Terms = Terms> = { readonly assets: Assets; readonly reader: Reader; readonly request: Request };

/** Wallets that a batch may open, with the numbers of their assets. */
export type Opened = ReadonlyMap<string, number>;

/** Whether two wallets are in one book, so that money can move between them at once. */
export type SharesBook = (one: string, other: string) => boolean;

/** What preparing an operation may look at. */
export type Context = {
  readonly ledger: Ledger;
  readonly defaultAsset: Asset;
  readonly assets: KnownAssets;
  readonly holds: HoldWallets;
  readonly sharesBook: SharesBook;
  /** Absent: no withdrawal is held back for review. */
  readonly reviews: Reviews | undefined;
};

/** Keeps the types of one definition: what `read` makes is what `prepare` takes. */
export function define<Request extends Terms, const Name extends string>(definition: Definition<Request, Name>): Definition<Request, Name> {
  return definition;
}
