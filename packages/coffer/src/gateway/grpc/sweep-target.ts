/** Where the money of closed wallets goes: one field names a system account or a wallet. */
import { choiceOf } from '../../kernel/index.ts';
import { destinations } from '../../operations/index.ts';
import type { Destination } from '../../operations/index.ts';
import { walletIdPattern, walletIdRule } from '../../wallets/index.ts';

const walletId = new RegExp(walletIdPattern);

export const sweepSentence = `sweep_to must be ${choiceOf([...destinations, 'a wallet id'])}: ${walletIdRule}.`;

/** Undefined for an empty text: no destination; null if it is not valid. */
export function sweepTargetOf(text: string): Destination | undefined | null {
  if (text === '') return undefined;
  const system = destinations.find((name) => name === text);
  if (system) return { system };
  return walletId.test(text) ? { wallet: text } : null;
}
