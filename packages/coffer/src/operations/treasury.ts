/** Shared parts of issue and burn: money that comes into being in a treasury, and ceases to be there. */
import Type from 'typebox';
import type { TransferOperation } from '../ledger/index.ts';
import type { Context } from './definition.ts';
import { decidedIn, moneyTermsIn, refuse } from './input.ts';
import type { Input } from './input.ts';
import { assetNamedBy } from './known-assets.ts';
import { moneyOf } from './money.ts';
import type { Prepared } from './outcome.ts';
import { decidedProperties, moneyProperties } from './schemas.ts';
import type { Decided, MoneyTerms } from './terms.ts';

export type TreasuryRequest = MoneyTerms & Decided & { readonly book?: number | undefined };

export const treasuryProperties = {
  ...moneyProperties,
  ...decidedProperties,
  book: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1_024,
      description: 'whose treasury: each book has its own, which pays the wallets of its book; 1 by default',
      examples: [1],
    }),
  ),
};

export function treasuryRequestIn(input: Input): TreasuryRequest {
  const { book } = input.values;
  // Over gRPC it is an int64, and 0 where it is not set.
  return { ...moneyTermsIn(input), ...decidedIn(input), book: book === undefined || book === 0n ? undefined : Number(book) };
}

export function prepareTreasury(
  request: TreasuryRequest,
  { assets, ledger }: Context,
  sides: Pick<TransferOperation, 'kind' | 'debit' | 'credit'>,
): Prepared {
  const { reason, actor, book } = request;
  const named = assetNamedBy(request, assets);
  if ('refusal' in named) return named;
  const terms = moneyOf(request, assets);
  if ('refusal' in terms) return terms;
  if (book !== undefined && !ledger.books.includes(book)) refuse(`There is no book ${book}: this ledger has ${ledger.books.length}.`);
  const operation = { ...sides, ...terms, asset: named.id, reason, actor, ...(book !== undefined && { book }) };
  return { key: terms.key, operation };
}
