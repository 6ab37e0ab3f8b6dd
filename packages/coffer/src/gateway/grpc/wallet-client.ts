/** The wallets service, as identity needs it. */
import { assert } from '../../kernel/index.ts';
import type { Address } from '../../kernel/index.ts';
import { openWalletMsMax } from '../../identity/index.ts';
import type { WalletProvisioner } from '../../identity/index.ts';
import { ServiceClient } from './client.ts';
import type { ClientOptions } from './client.ts';
import { walletService } from './generated/wallet.ts';
import { isProblemCode } from '../problems/index.ts';
import { failureOf } from './statuses.ts';
import type { Failure } from './statuses.ts';

/** Closes wallets before their user is deleted. */
export type WalletCloser = {
  /** In the name of the caller who has this authorization. Null when all are closed; otherwise what prevents it. */
  closeWallets(
    request: { readonly userId: string; readonly sweepTo: string },
    caller: { readonly authorization: string | null; readonly deadline: number },
  ): Promise<Failure | null>;
};

const defaultOpenMs = 5_000;
const lookMs = 2_000;

/** `openMs`: the deadline of opening a wallet. */
export function createWalletClient(
  address: Address,
  { openMs = defaultOpenMs, ...options }: ClientOptions & { readonly openMs?: number } = {},
): WalletProvisioner & WalletCloser & { close(): void } {
  assert(openMs <= openWalletMsMax, `opening a wallet takes at most ${openWalletMsMax} ms`);
  const client = new ServiceClient(address, options);
  return {
    async openWallet(userId) {
      const result = await client.call(walletService.createWallet, { userId }, Date.now() + openMs);
      if (result.status === 'answered' || (result.status === 'refused' && result.code === 'wallet_exists')) return { status: 'opened' };
      return { status: result.status, reason: result.reason };
    },
    async hasWallet(userId) {
      const result = await client.call(walletService.getWallet, { userId }, Date.now() + lookMs);
      if (result.status === 'answered') return true;
      // A wallet whose balance does not fit the answer exists, too.
      if (result.status === 'refused') return result.code !== 'wallet_not_found';
      return 'unknown';
    },
    async closeWallets(request, { authorization, deadline }) {
      const result = await client.call(walletService.closeWallets, request, deadline, authorization);
      if (result.status === 'answered') return null;
      const { code, reason } = result;
      if (code !== null && isProblemCode(code)) return failureOf(code, { said: reason });
      return failureOf(result.status === 'unavailable' ? 'wallets_unavailable' : 'outcome_unknown');
    },
    close: () => client.close(),
  };
}
