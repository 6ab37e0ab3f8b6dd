/** A log with everything that can be found: owners, several assets, holds, refusals, metadata, transfers between books. */
import type pg from 'pg';
import { createPool, inRole } from '../../packages/coffer/src/database/index.ts';
import { Find, findProjection } from '../../packages/coffer/src/find/index.ts';
import type { FoundPage, Refused } from '../../packages/coffer/src/find/index.ts';
import { assert, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger } from '../../packages/coffer/src/ledger/index.ts';
import type { Ledger, Operation } from '../../packages/coffer/src/ledger/index.ts';
import { projectionStatus, Projector } from '../../packages/coffer/src/projections/index.ts';
import { drive } from '../../packages/coffer/src/wallets/index.ts';
import { createTestDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';
import { randomFrom } from './seed.ts';

export const owners = [
  '0f6d220d-61fa-4be7-b0a2-e05dbd9aee32',
  '1a2b3c4d-61fa-4be7-b0a2-e05dbd9aee32',
  '2b3c4d5e-61fa-4be7-b0a2-e05dbd9aee32',
] as const;
export const shops = ['shop', "o'brien", 'Zoë', 'w1', 'w2'].map((name) => name.replaceAll(/[^A-Za-z0-9]/g, '-'));
export const wallets = [...owners.flatMap((owner) => [`${owner}.GOLD`, `${owner}.EUR`]), ...shops];
export const texts = ['gift for Zoë', 'refund 17', 'ORD-17', "'; drop table find.operation; --", '%_\\', 'Straße', '17'];

export type FoundLog = {
  readonly database: TestDatabase;
  readonly pool: pg.Pool;
  readonly ledger: Ledger;
  readonly find: Find;
  post(count: number): Promise<void>;
  /** Applies what the log has. */
  project(): Promise<void>;
  stop(): Promise<void>;
};

export async function startFoundLog(seed: number, books = 2): Promise<FoundLog> {
  const database = await createTestDatabase();
  const url = inRole(database.url, 'writer');
  const pool = createPool(url, silentLog());
  const ledger = await openLedger({ url, log: silentLog(), books, patienceMs: 60_000 });
  const find = new Find({ url, log: silentLog(), ledger });
  const random = randomFrom(seed);
  const holds: { readonly book: number; readonly seq: number; readonly wallet: string }[] = [];
  let posted = 0;
  for (const wallet of wallets) {
    const owner = owners.find((one) => wallet.startsWith(one)) ?? null;
    const asset = wallet.endsWith('.EUR') ? 4 : 1;
    await ledger.post({ kind: 'open', key: 'open', wallet, opens: { owner, asset, floor: 0n }, actor: 'key:shop' });
  }
  const one = async () => {
    const operation = foundOperation(random, `op ${++posted % 7 === 0 ? posted % 21 : posted}`, holds);
    const outcome = await ledger.post(operation);
    if (outcome.status !== 'posted') return;
    const { entry } = outcome;
    if (entry.kind === 'hold' && entry.debit) holds.push({ book: entry.book, seq: entry.seq, wallet: entry.debit.id });
    if (entry.kind === 'transfer_debit' && random() < 0.9) await drive(ledger, entry);
  };
  return {
    database,
    pool,
    ledger,
    find,
    post: async (count) => {
      for (let left = count; left > 0; left -= 20) await Promise.all(Array.from({ length: Math.min(20, left) }, one));
    },
    project: async () => {
      const projector = await Projector.start({ pool, ledger, log: silentLog(), projections: [findProjection], lookMs: 5 });
      while (!(await projectionStatus(pool, ledger)).every(({ books: all }) => all.every(({ behindEntries }) => behindEntries === 0)))
        await new Promise((resolve) => setTimeout(resolve, 10));
      await projector.stop();
    },
    stop: async () => {
      await find.stop();
      await ledger.stop();
      await pool.end();
      await database.drop();
    },
  };
}

type Held = { readonly book: number; readonly seq: number; readonly wallet: string };

function foundOperation(random: () => number, key: string, holds: readonly Held[]): Operation {
  const any = <T>(all: readonly T[]) => all[Math.floor(random() * all.length)] as T;
  const wallet = any(wallets);
  const amount = BigInt(Math.floor(10 ** (random() * 4)) || 1);
  const noted = random() < 0.6 ? { metadata: metadataOf(random, any) } : {};
  const actor = random() < 0.3 ? `user:${any(owners)}` : 'key:shop';
  const common = { key, actor, ...noted };
  const which = random();
  if (which < 0.35) return { ...common, kind: 'deposit', debit: { system: 'cash_in' }, credit: { wallet }, amount };
  if (which < 0.45) return { ...common, kind: 'withdrawal', debit: { wallet }, credit: { system: 'cash_out' }, amount };
  if (which < 0.65) return { ...common, kind: 'transfer', debit: { wallet }, credit: { wallet: any(wallets) }, amount };
  if (which < 0.75) return { ...common, kind: 'transfer_debit', wallet, to: any(wallets), amount };
  if (which < 0.85) return { ...common, kind: 'hold', wallet, amount, upTo: random() < 0.5 };
  const held = any(holds);
  if (which < 0.92 && held)
    return random() < 0.5
      ? { ...common, kind: 'capture', wallet: held.wallet, hold: held.seq, credit: { system: 'cash_out' }, amount, upTo: true }
      : { ...common, kind: 'release', wallet: held.wallet, hold: held.seq, amount, upTo: true };
  const decided = { key, wallet, reason: any(texts), actor: 'operator:eve' };
  return { ...decided, kind: random() < 0.4 ? 'freeze' : 'unfreeze', sides: any(['debits', 'credits', 'both'] as const) };
}

function metadataOf(random: () => number, any: <T>(all: readonly T[]) => T): string {
  const orderId = 1 + Math.floor(random() * 20);
  return JSON.stringify({
    orderId: random() < 0.5 ? orderId : String(orderId),
    ...(random() < 0.5 && { note: any(texts) }),
    ...(random() < 0.3 && { shop: { till: any([1, 2]), open: random() < 0.5 }, tags: [any(texts), 'x'] }),
  });
}

/** Every page from the first to the last, and again from the last to the first. */
export async function bothWays<T>(read: (cursor: string | undefined) => Promise<FoundPage<T> | Refused>, idOf: (item: T) => string) {
  const page = async (cursor: string | undefined) => {
    const found = await read(cursor);
    assert(!('refusal' in found), 'the cursor is of this list');
    return { ...found, ids: found.items.map(idOf) };
  };
  const first = await page(undefined);
  const there = [first];
  for (let { next } = first; next !== null;) {
    const following = await page(next);
    there.push(following);
    next = following.next;
  }
  const back: string[][] = [];
  for (let previous = there.at(-1)?.previous ?? null; previous !== null;) {
    const before = await page(previous);
    back.unshift(before.ids);
    previous = before.previous;
  }
  return { there: there.map(({ ids }) => ids), back, count: first.count };
}
