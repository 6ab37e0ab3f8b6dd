/** Transfers by saga that have begun. */
import { internalKey } from '../rules/internal-keys.ts';

/** In order, and whether they have ended: see sagas in the wallets. The tests check its plan. */
export const begunText = `
  select e.seq, e.recorded_at,
    exists (select 1 from ledger.entry x where x.book = $1 and x.key = '${internalKey('end', '')}' || e.seq and x.scope = e.credit_account) as has_ended
  from ledger.entry e
  where e.book = $1 and e.seq > $2 and e.kind = 'transfer_debit' and e.refusal is null
  order by e.seq limit $3`;

/** `ageMs`: negative when a clock that was ahead has dated it in the future. */
export type BegunTransfer = { readonly seq: number; readonly ageMs: number; readonly hasEnded: boolean };
