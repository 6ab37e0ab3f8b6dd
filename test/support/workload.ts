/** What load asks for: a few wallets, all kinds of operations, some of them refused. Follows from the random numbers given. */
import type { Operation } from '../../packages/coffer/src/ledger/index.ts';

const wallets = ['w0', 'w1', 'w2', 'w3', 'w4', 'w5', 'w6', 'w7'] as const;

export function workloadOperation(random: () => number, key: string): Operation {
  const pick = () => wallets[Math.floor(random() * wallets.length)] ?? 'w0';
  const amount = BigInt(1 + Math.floor(random() * 50));
  const which = random();
  const wallet = pick();
  const cashIn = { system: 'cash_in' } as const;
  if (which < 0.35) return { kind: 'deposit', key, debit: cashIn, credit: { wallet, opens: { owner: null, asset: 1, floor: 0n } }, amount };
  if (which < 0.5) return { kind: 'withdrawal', key, debit: { wallet }, credit: { system: 'cash_out' }, amount: amount * 3n };
  if (which < 0.53) return { kind: 'hold', key, wallet, amount, upTo: true };
  const other = pick();
  if (which < 0.95) return { kind: 'transfer', key, debit: { wallet }, credit: { wallet: other }, amount, metadata: `{"key":"${key}"}` };
  // Wallets of their own, so that the log also grows in breadth.
  return { kind: 'deposit', key, debit: cashIn, credit: { wallet: `own-${key}`, opens: { owner: null, asset: 1, floor: -5n } }, amount };
}
