/** Move: money between any two of wallets and accounts. */
import Type from 'typebox';
import type { AccountRef, Asset } from '../ledger/index.ts';
import { guarded } from './access.ts';
import { movement } from './answers/movement.ts';
import { define } from './definition.ts';
import type { Context } from './definition.ts';
import { followed } from './follow-saga.ts';
import { keyOrFresh } from './idempotency.ts';
import { moneyTermsIn, refuse, walletIn } from './input.ts';
import type { Input } from './input.ts';
import type { Party } from './known-accounts.ts';
import { moneyOf } from './money.ts';
import type { OperationRefusal } from './outcome.ts';
import { AccountId, moneyProperties, strict, WalletId } from './schemas.ts';
import type { MoneyTerms } from './terms.ts';

export type MoveRequest = MoneyTerms & {
  /** The side that pays, and the side that is paid. */
  readonly parties: readonly [Party, Party];
};

const PartyField = Type.Object(
  { wallet: Type.Optional(WalletId), account: Type.Optional(AccountId) },
  {
    ...strict,
    minProperties: 1,
    maxProperties: 1,
    description: 'a wallet, or an account by its id as listed by GET /accounts; naming an account needs the scope money:accounts',
    examples: [{ wallet: 'w1' }, { account: 'fees' }],
  },
);

/** Operations of their own move them. */
const notNamed = new Set(['issuance', 'in_transit']);

export const move = define({
  name: 'move',
  description:
    'Moves money between any two of wallets and accounts of the same asset: immediately, or in steps between books. 202 when it has begun and a book is unavailable: poll Location',
  access: guarded('money:transfer', 'own'),
  fields: { from: PartyField, to: PartyField, ...moneyProperties },
  rest: { method: 'POST', path: '/transfers', tag: 'Accounts', status: 201 },
  example: { body: { from: { wallet: 'w1' }, to: { account: 'fees' }, amount: 5 } },
  batchType: 'move',
  grpc: { field: 'move' },
  read: (input): MoveRequest => ({ ...moneyTermsIn(input), parties: partiesIn(input) }),
  prepare(request, context) {
    const { accounts, assets, sharesBook } = context;
    const key = keyOrFresh(request.key);
    const [from, to] = request.parties;
    const [debit, credit] = [accounts.refOf(from), accounts.refOf(to)];
    if (!debit || !credit) return { key, refusal: unknownAmong(request.parties, context) };
    const terms = moneyOf({ ...request, key }, assets);
    if ('refusal' in terms) return terms;
    if ('wallet' in debit && 'wallet' in credit && !sharesBook(debit.wallet, credit.wallet))
      return { key, operation: { kind: 'transfer_debit', wallet: debit.wallet, to: credit.wallet, ...terms } };
    const asset = terms.asset ?? assetAskedFor(request.parties, debit, credit, context)?.id;
    return { key, operation: { kind: 'transfer', debit, credit, ...terms, ...(asset !== undefined && { asset }) } };
  },
  settle: (outcome, _request, { ledger }) => followed(ledger, outcome),
  async assetOf(input, { accounts, ledger }) {
    const parties = partiesIn(input);
    await accounts.learn([{ parties }]);
    for (const party of parties) {
      const asset = accounts.assetOf(party);
      if (asset) return asset;
      const balance = 'wallet' in party ? await ledger.read.balance(party.wallet, input.terms.onlyOwner) : null;
      if (!balance) continue;
      await ledger.assets.learnFrom([balance]);
      return ledger.assets.get(balance.asset);
    }
    return undefined;
  },
  answer: movement,
});

function partiesIn(input: Input): readonly [Party, Party] {
  return [partyIn(input, 'from'), partyIn(input, 'to')];
}

function partyIn(input: Input, field: 'from' | 'to'): Party {
  // Over gRPC a field that is not set is empty.
  const { wallet = '', account = '' } = (input.values[field] ?? {}) as { readonly wallet?: string; readonly account?: string };
  const name = input.nameOf(field);
  if ((wallet === '') === (account === ''))
    refuse(`"${name}" must name a wallet or an account, such as {"wallet":"w1"} or {"account":"fees"}.`);
  if (wallet !== '') return { wallet: walletIn({ values: { wallet }, nameOf: () => name }, 'wallet') };
  if (input.caller.onlyOwner !== undefined) refuse(`Users can name only wallets. Send {"wallet": …} as "${name}".`, 'forbidden');
  input.caller.admit('nameAccount');
  if (notNamed.has(account))
    refuse(
      `"${name}" cannot be ${account}: ${account === 'issuance' ? 'money is issued and burned by operations of their own' : 'transfers between books use it themselves'}.`,
    );
  return { account };
}

function unknownAmong(parties: readonly Party[], { accounts }: Context): OperationRefusal {
  const unknown = parties.find((party) => accounts.refOf(party) === null);
  return { code: 'account_not_found', facts: { account: unknown && 'account' in unknown ? unknown.account : '' } };
}

/** A built-in account that initiates exists in every asset, so the asset becomes part of the request. */
function assetAskedFor(parties: readonly Party[], debit: AccountRef, credit: AccountRef, { accounts, assets }: Context): Asset | undefined {
  if (!('system' in debit) || 'wallet' in credit) return undefined;
  const known = parties.map((party) => accounts.assetOf(party)).find((asset) => asset !== undefined);
  return known ?? assets.default;
}
