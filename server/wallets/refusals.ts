/** What callers are told of a refusal. The log keeps everything; the owner of a wallet has no business with what the system holds. */
import type { Refusal } from '../ledger/index.ts';

/** `instead` stands for the sentence that would have named the system account. */
export type ToldRefusal = Refusal & { readonly instead: string | null };

/** Leaves out of the facts which system account could not take part, and what it holds. */
export function toldRefusal({ code, facts }: Refusal): ToldRefusal {
  const account = facts['wallet'];
  const aboutBalance = code === 'insufficient_funds' || code === 'balance_limit';
  if (!aboutBalance || !account?.startsWith('$')) return { code, facts, instead: null };
  const { wallet: _wallet, available: _available, ...told } = facts;
  const short = code === 'insufficient_funds' && account.startsWith('$treasury/');
  return {
    code,
    facts: told,
    instead: short ? 'The treasury does not hold enough.' : 'A system account cannot take part in that.',
  };
}
