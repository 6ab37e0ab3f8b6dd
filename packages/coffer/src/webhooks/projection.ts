/**
 * From events to deliveries: one row per event and matching endpoint, in the transaction that advances the cursor. So there is
 * exactly one, despite crashes. Without endpoints it costs one look at an empty table per batch of events.
 */
import type pg from 'pg';
import type { LedgerEvent } from '../ledger/index.ts';
import type { Projection } from '../projections/index.ts';
import { bodyOf } from './body.ts';
import { enabledListeners } from './endpoint-store.ts';
import type { Listener } from './endpoint-store.ts';
import { insertDeliveries, newestDelivered } from './delivery-store.ts';
import type { NewDelivery } from './delivery-store.ts';

export type WebhookProjectionOptions = {
  /** The owner of a wallet, which never changes; null for a wallet without an owner, undefined for one that is not open yet. */
  readonly ownerOf: (wallet: string) => Promise<string | null | undefined>;
  /** Called if there may be something to send. */
  readonly wake?: (() => void) | undefined;
};

/** Deliveries are not derived state, so there is nothing to rebuild: it has no `forget`. */
export function webhookProjection({ ownerOf, wake }: WebhookProjectionOptions): Projection {
  const owners = new Owners(ownerOf);
  let hasSome = false;
  return {
    name: 'webhooks',
    apply: async (client: pg.ClientBase, events: readonly LedgerEvent[]) => {
      const listeners = await enabledListeners(client);
      if (listeners.length === 0) return;
      const byOwner = listeners.some(({ owner }) => owner !== null);
      const ownerByWallet = byOwner ? await owners.of(events) : noOwners;
      const deliveries: NewDelivery[] = [];
      for (const event of events) {
        const listening = listeners.filter((listener) => wants(listener, event, ownerByWallet.get(event.wallet)));
        if (listening.length === 0) continue;
        const body = bodyOf(event);
        for (const { id } of listening) deliveries.push({ endpoint: id, message: event.id, type: event.type, wallet: event.wallet, body });
      }
      if (deliveries.length === 0) return;
      await insertDeliveries(client, deliveries);
      hasSome = true;
    },
    // Without any delivery: what each endpoint listens to begins with its creation.
    resumeAfter: async (client, book, end) => (await newestDelivered(client, book, end)) ?? { seq: 0, part: 0 },
    applied: () => {
      if (hasSome) wake?.();
      hasSome = false;
    },
  };
}

const noOwners: ReadonlyMap<string, string | null> = new Map();

function wants(listener: Listener, event: LedgerEvent, owner: string | null | undefined): boolean {
  return (
    event.seq > (listener.begins[event.book - 1] ?? 0) &&
    (listener.wallet === null || listener.wallet === event.wallet) &&
    (listener.owner === null || listener.owner === owner) &&
    listener.types.some((type) => type === '*' || type === event.type)
  );
}

const ownersMax = 50_000;

/**
 * Caches the owners of wallets. Only of wallets that exist: an event may concern one that is opened later, such as a transfer that it
 * could not receive.
 */
class Owners {
  readonly #ownerOf: WebhookProjectionOptions['ownerOf'];
  readonly #known = new Map<string, string | null>();

  constructor(ownerOf: WebhookProjectionOptions['ownerOf']) {
    this.#ownerOf = ownerOf;
  }

  async of(events: readonly LedgerEvent[]): Promise<ReadonlyMap<string, string | null>> {
    if (this.#known.size > ownersMax) this.#known.clear();
    const unknown = [...new Set(events.map(({ wallet }) => wallet))].filter((wallet) => !this.#known.has(wallet));
    const found = await Promise.all(unknown.map((wallet) => this.#ownerOf(wallet)));
    for (const [at, wallet] of unknown.entries()) {
      const owner = found[at];
      if (owner !== undefined) this.#known.set(wallet, owner);
    }
    return this.#known;
  }
}
