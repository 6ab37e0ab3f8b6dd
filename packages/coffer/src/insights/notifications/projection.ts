/** Notifies owners about their wallets. It cannot be rebuilt, because owners must not be notified twice. */
import { isUuid } from '../../kernel/index.ts';
import type { LedgerEvent } from '../../ledger/index.ts';
import type { Projection } from '../../projections/index.ts';
import { kindOfEvent } from './kinds.ts';
import { learnOwners, ownersOf, notifyOwners } from './store.ts';

/** `mailed`: kinds that also go by e-mail. */
export function notificationsProjection(mailed: boolean, onNotified: () => void = () => undefined): Projection {
  return {
    name: 'notifications',
    async apply(client, events) {
      await learnOwners(client, events.flatMap(ownedIn));
      const news = events.filter(({ type }) => kindOfEvent[type] !== undefined);
      const owners = await ownersOf(client, new Set(news.map(({ wallet }) => wallet)));
      await notifyOwners(
        client,
        news.flatMap((event) => toldOf(event, owners.get(event.wallet))),
        mailed,
      );
    },
    // Each notification has a key and is inserted once, and old events cause none.
    resumeAfter: () => Promise.resolve({ seq: 0, part: 0 }),
    applied: onNotified,
  };
}

function ownedIn({ type, wallet, data }: LedgerEvent): { wallet: string; owner: string }[] {
  const { owner } = data;
  return type === 'WalletCreated' && typeof owner === 'string' && isUuid(owner) ? [{ wallet, owner }] : [];
}

function toldOf(
  { id, type, wallet, data, recordedAt }: LedgerEvent,
  owner: string | undefined,
): Parameters<typeof notifyOwners>[1][number][] {
  const kind = kindOfEvent[type];
  if (kind === undefined || owner === undefined) return [];
  const { amount, asset, reason } = data;
  const facts = {
    event: id,
    ...(typeof amount === 'string' && { amount }),
    ...(typeof asset === 'number' && { asset: String(asset) }),
    ...(typeof reason === 'string' && { reason }),
  };
  return [{ key: `user/event/${id}`, kind, wallet, owner, facts, recordedAt }];
}
