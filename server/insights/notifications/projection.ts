/** Owners are told what happened to their wallets. Not to be rebuilt: nobody wants to be told twice. */
import { isUuid } from '../../kernel/index.ts';
import type { LedgerEvent } from '../../ledger/index.ts';
import type { Projection } from '../../projections/index.ts';
import { kindOfEvent } from './kinds.ts';
import { learnOwners, tellOwners } from './store.ts';

/** `mailed`: what is worth it goes by e-mail, too. */
export function notificationsProjection(mailed: boolean, told: () => void = () => undefined): Projection {
  return {
    name: 'notifications',
    async apply(client, events) {
      await learnOwners(client, events.flatMap(ownedIn));
      await tellOwners(client, events.flatMap(toldOf), mailed);
    },
    applied: told,
  };
}

function ownedIn({ type, wallet, data }: LedgerEvent): { wallet: string; owner: string }[] {
  const { owner } = data;
  return type === 'WalletCreated' && typeof owner === 'string' && isUuid(owner) ? [{ wallet, owner }] : [];
}

function toldOf({ id, type, wallet, data, recordedAt }: LedgerEvent): Parameters<typeof tellOwners>[1][number][] {
  const kind = kindOfEvent[type];
  if (kind === undefined) return [];
  const { amount, asset, reason } = data;
  const facts = {
    event: id,
    ...(typeof amount === 'string' && { amount }),
    ...(typeof asset === 'number' && { asset: String(asset) }),
    ...(typeof reason === 'string' && { reason }),
  };
  return [{ key: `user/event/${id}`, kind, wallet, facts, recordedAt }];
}
