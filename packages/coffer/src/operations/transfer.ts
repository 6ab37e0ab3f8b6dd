/** Transfer: money from one wallet to another of the same asset: atomically, or in steps when they are in different books. */
import Type from 'typebox';
import { guarded } from './access.ts';
import { posting } from './answers/posting.ts';
import { define } from './definition.ts';
import { followed } from './follow-saga.ts';
import { moneyTermsIn, walletIn, wordIn } from './input.ts';
import { moneyOf, prepareTransferOf } from './money.ts';
import { moneyProperties, TransferModeName, WalletId } from './schemas.ts';
import type { MoneyTerms } from './terms.ts';

/** `atomic`: immediately or not at all, which requires one book. `saga`: in steps, in any books. Absent: atomic where possible. */
export type TransferMode = 'atomic' | 'saga';
export type TransferRequest = MoneyTerms & { readonly from: string; readonly to: string; readonly mode?: TransferMode | undefined };

export const transfer = define({
  name: 'transfer',
  description:
    'Moves money from one wallet to another: immediately, or in steps between books. 202 when a worker will do it, or when it has begun and a book is unavailable: poll Location',
  access: guarded('money:transfer', 'own'),
  subject: 'walletId',
  fields: { toWalletId: WalletId, ...moneyProperties, mode: Type.Optional(TransferModeName) },
  rest: { method: 'POST', path: '/wallet/:id/transfer', tag: 'Wallets', status: 201, async: true },
  example: { parameters: { id: 'w1' }, body: { toWalletId: 'w2', amount: 300 } },
  batchType: 'transfer',
  grpc: { field: 'transfer' },
  read: (input): TransferRequest => ({
    ...moneyTermsIn(input),
    from: walletIn(input),
    to: walletIn(input, 'toWalletId'),
    mode: wordIn(input, 'mode', ['atomic', 'saga']),
  }),
  prepare(request, { assets, sharesBook }) {
    const { from, to, mode = sharesBook(from, to) ? 'atomic' : 'saga' } = request;
    if (mode === 'atomic') return prepareTransferOf(request, assets, { kind: 'transfer', debit: { wallet: from }, credit: { wallet: to } });
    const terms = moneyOf(request, assets);
    return 'refusal' in terms ? terms : { key: terms.key, operation: { kind: 'transfer_debit', wallet: from, to, ...terms } };
  },
  settle: (outcome, _request, { ledger }) => followed(ledger, outcome),
  answer: posting,
});
