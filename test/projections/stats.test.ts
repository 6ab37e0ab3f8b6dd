import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { inRole } from '../../packages/coffer/src/database/index.ts';
import { openBuiltIn } from '../../packages/coffer/src/events/index.ts';
import { statsKeeper, statsProjection } from '../../packages/coffer/src/insights/index.ts';
import { assert, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import type { Operation } from '../../packages/coffer/src/ledger/index.ts';
import { Projector, rebuild } from '../../packages/coffer/src/projections/index.ts';
import { drive, WalletQueries } from '../../packages/coffer/src/wallets/index.ts';
import type { AmountName } from '../../packages/coffer/src/wallets/index.ts';
import { endWithTest } from '../support/children.ts';
import { figuresIn, figuresOut, samples } from '../support/kinds.ts';
import { deliveriesOf, startLog } from '../support/projections.ts';
import type { FollowedLog } from '../support/projections.ts';
import { recount } from '../support/recount.ts';
import type { Recounted } from '../support/recount.ts';
import { seedOf } from '../support/seed.ts';

const seed = seedOf('stats');
let log: FollowedLog;
let queries: WalletQueries;

beforeAll(async () => {
  log = await startLog(seed);
  const gold = log.ledger.assets.find('GOLD');
  assert(gold, 'the migrations bring GOLD');
  queries = new WalletQueries(log.ledger, gold, { totals: statsKeeper(log.pool) });
  await postEveryKind();
  await log.post(600);
});
afterAll(async () => {
  await log.stop();
});

const opens = { owner: null, asset: 1, floor: 0n };
const why = { reason: 'a test', actor: 'operator:test' };

/** Operations within one book where required, some of them refused. */
async function postEveryKind(): Promise<void> {
  const { ledger } = log;
  const post = async (operation: Operation, book?: number) => {
    const outcome = await ledger.post(operation, book);
    return { ...outcome, seq: outcome.status === 'posted' ? outcome.entry.seq : 0 };
  };
  const deposit = (wallet: string, key: string, amount: bigint) =>
    post({ kind: 'deposit', key, debit: { system: 'cash_in' }, credit: { wallet, opens }, amount });
  const names = ['k1', 'k2', 'k3', 'k4', 'k5', 'k6'];
  const deposits = await Promise.all(names.map((name) => deposit(name, `first ${name}`, 10n ** 30n)));
  const home = deposits[0]?.status === 'posted' ? deposits[0].entry.book : 0;
  const same = names.filter((_, at) => {
    const outcome = deposits[at];
    return outcome?.status === 'posted' && outcome.entry.book === home;
  });
  const [one = '', other = 'k1'] = same;
  for (const operation of samples(one, other)) await post(operation, home);
  const spent = await post({ kind: 'spend', key: 's', debit: { wallet: one }, credit: { system: 'treasury' }, amount: 30n });
  await post({ kind: 'withdrawal', key: 'w', debit: { wallet: one }, credit: { system: 'cash_out' }, amount: 10n ** 29n });
  const hold = await post({ kind: 'hold', key: 'h', wallet: one, amount: 50n });
  await post({ kind: 'capture', key: 'c1', wallet: one, hold: hold.seq, amount: 20n, credit: { wallet: other } });
  await post({ kind: 'capture', key: 'c2', wallet: one, hold: hold.seq, amount: 5n, credit: { system: 'fees' } });
  await post({ kind: 'release', key: 'r', wallet: one, hold: hold.seq, amount: 25n });
  await post({ kind: 'reversal', key: 'v', initiator: one, reverses: deposits[names.indexOf(one)]?.seq ?? 0, amount: 11n, ...why });
  await post({ kind: 'reversal', key: 'vs', initiator: one, reverses: spent.seq, amount: 3n, ...why });
  for (const [key, to] of [
    ['y1', other],
    ['y2', 'nobody-at-all'],
  ] as const) {
    const debited = await ledger.post({ kind: 'transfer_debit', key, wallet: one, to, amount: 13n });
    if (debited.status === 'posted') await drive(ledger, debited.entry);
  }
  await post({ kind: 'close', key: 'z', wallet: other, sides: 'both', sweepTo: { wallet: one }, ...why });
}

async function keptRows(): Promise<Map<string, unknown>> {
  const { rows } = await log.pool.query<{ book: number; wallet: string }>(
    `select s.* from insights.wallet_stats s join projections.projection p on p.name = 'stats' and p.active_generation = s.generation`,
  );
  const keeper = statsKeeper(log.pool);
  return new Map(await Promise.all(rows.map(async ({ book, wallet }) => [`${book} ${wallet}`, await keeper.find(book, wallet)] as const)));
}

async function expectAnswersEqual(recounted: Map<string, Recounted>): Promise<void> {
  for (const [key, { version, ...totals }] of recounted) {
    const stats = await queries.stats(key.slice(key.indexOf(' ') + 1));
    const { wallet, ...told } = stats ?? { wallet: null };
    expect([key, told]).toEqual([key, totals]);
    expect(wallet?.version).toBe(version);
  }
}

async function startProjector(): Promise<Projector> {
  return await Projector.start({ pool: log.pool, ledger: log.ledger, log: silentLog(), projections: [statsProjection], lookMs: 50 });
}

describe('the stats of a wallet', () => {
  test('are exact whether none, part or all of the log has been applied', async () => {
    const recounted = await recount(log.database.pool);
    const kinds = [...recounted.values()].flatMap((totals) => Object.entries(totals).filter(([, total]) => total));
    // Each total is non-zero for some wallet, or equality would prove little. No operation issues to a wallet.
    expect(new Set(kinds.map(([name]) => name))).toEqual(
      new Set(Object.keys([...recounted.values()][0] ?? {}).filter((name) => name !== 'issued')),
    );
    await expectAnswersEqual(recounted);

    const projector = await Projector.start({
      pool: log.pool,
      ledger: log.ledger,
      log: silentLog(),
      projections: [statsProjection],
      lookMs: 600_000,
    });
    const all = await deliveriesOf(log.ledger);
    await projector.handle(all.filter((_, at) => at < all.length / 3));
    await expectAnswersEqual(recounted);
    await projector.handle(all);
    await expectAnswersEqual(recounted);
    expect(await keptRows()).toEqual(recounted);

    // Before any worker has seen it.
    await log.post(50);
    await expectAnswersEqual(await recount(log.database.pool));
    await projector.stop();
  });

  test('are exact in every answer during concurrent posting and projecting', async () => {
    const projector = await startProjector();
    const broker = await openBuiltIn({ url: inRole(log.database.url, 'writer'), pool: log.pool, ledger: log.ledger, log: silentLog() });
    const consumer = await broker.consume(projector.handle);
    let isOver = false;
    const posting = (async () => {
      for (let round = 0; round < 40; round++) await log.post(25);
      isOver = true;
    })();
    let answers = 0;
    while (!isOver) {
      const stats = await queries.stats(`w${answers++ % 8}`);
      if (!stats) continue;
      const sum = (names: ReadonlySet<AmountName>) => Array.from(names, (name) => stats[name]).reduce((total, amount) => total + amount);
      expect(sum(figuresIn) - sum(figuresOut)).toBe(stats.wallet.balance);
    }
    await posting;
    console.info(`stats that added up to the balance while posting went on: ${answers}`);
    const recounted = await recount(log.database.pool);
    await vi.waitFor(async () => expect(await keptRows()).toEqual(recounted), { timeout: 120_000 });
    await consumer.stop();
    await projector.stop();
    await broker.stop();
  });
});

describe('a rebuild', () => {
  const options = () => ({ pool: log.pool, ledger: log.ledger, log: silentLog(), projection: statsProjection });

  test('replaces any previous stats during concurrent posting and projecting', async () => {
    await log.pool.query("update insights.wallet_stats set deposited = deposited + 1, version = version + 1 where wallet = 'w1'");
    const before =
      (await log.pool.query<{ g: number }>("select active_generation as g from projections.projection where name = 'stats'")).rows[0]?.g ??
      0;
    const projector = await startProjector();
    let isOver = false;
    const posting = (async () => {
      while (!isOver) await log.post(20);
    })();
    const told: number[] = [];
    const rebuilt = await rebuild({ ...options(), check: false, onProgress: ({ events }) => told.push(events) });
    isOver = true;
    await posting;
    expect(rebuilt).toMatchObject({ projection: 'stats', setAside: 0, differences: null });
    expect(told.at(-1)).toBe(rebuilt.events);
    const recounted = await recount(log.database.pool);
    await vi.waitFor(async () => expect(await keptRows()).toEqual(recounted), { timeout: 120_000 });
    await projector.stop();

    const { rows } = await log.pool.query(
      `select active_generation, building_generation, (select count(distinct generation) from insights.wallet_stats) as kept,
         (select count(distinct generation) from projections.progress where projection = 'stats') as marks
       from projections.projection where name = 'stats'`,
    );
    expect(rows).toEqual([{ active_generation: before + 1, building_generation: null, kept: 1, marks: 1 }]);
  });

  test('reaches the end of the log without a worker', async () => {
    await log.post(100);
    await rebuild({ ...options(), check: false });
    expect(await keptRows()).toEqual(await recount(log.database.pool));
  });

  test('in check mode reports each difference and changes nothing', async () => {
    expect((await rebuild({ ...options(), check: true })).differences).toEqual([]);
    await log.pool.query("update insights.wallet_stats set withdrawn = withdrawn + 1 where wallet = 'w2'");
    const planted = await keptRows();
    const { differences } = await rebuild({ ...options(), check: true });
    expect(differences).toMatchObject([{ table: 'insights.wallet_stats', rows: 2 }]);
    expect(differences?.[0]?.first).toContain('"wallet": "w2"');
    expect(await keptRows()).toEqual(planted);
    await rebuild({ ...options(), check: false });
    expect((await rebuild({ ...options(), check: true })).differences).toEqual([]);
  });

  test('runs one at a time; a killed one leaves no visible trace, and the next starts over', async () => {
    const before = await keptRows();
    const script = path.join(import.meta.dirname, '../support/slow-rebuild.ts');
    const child = spawn(process.execPath, [script, inRole(log.database.url, 'writer')], { stdio: ['ignore', 'ignore', 'inherit'] });
    endWithTest(child);
    const ended = once(child, 'close');
    const building = async () =>
      (await log.pool.query("select from projections.progress where projection = 'stats' and seq > 0 group by generation")).rowCount;
    await vi.waitFor(async () => expect(await building()).toBe(2), { timeout: 120_000 });
    await expect(rebuild({ ...options(), check: false })).rejects.toThrow('being rebuilt already');
    child.kill('SIGKILL');
    await ended;
    expect(await keptRows()).toEqual(before);
    await vi.waitFor(() => rebuild({ ...options(), check: false }), { timeout: 120_000 });
    expect(await keptRows()).toEqual(before);
    expect((await log.pool.query('select from insights.wallet_stats group by generation')).rowCount).toBe(1);
  });

  test('that has lost its lock does not replace the stats: the next one discards its work', async () => {
    const [first, forgetting] = [Promise.withResolvers<unknown>(), Promise.withResolvers<void>()];
    let ended: Promise<unknown> | undefined;
    const slow = {
      books: log.ledger.books,
      read: Object.assign(Object.create(log.ledger.read) as typeof log.ledger.read, {
        in: (asked: { book: number }) => {
          const reader = log.ledger.read.in(asked);
          const lastSeq = async () => {
            const seq = await reader.lastSeq();
            // Once, not for each book.
            if (ended) return seq;
            // The connection that holds the lock is cut, and another rebuild begins.
            await log.database.pool.query(
              `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and classid = x'0c0ffe21'::int and objsubid = 2
                 and database = (select oid from pg_database where datname = current_database())`,
            );
            ended = other();
            ended.catch(first.reject);
            await forgetting.promise;
            return seq;
          };
          const events: typeof reader.events = async (...args) => await reader.events(...args);
          return Object.assign(Object.create(reader) as typeof reader, { lastSeq, events });
        },
      }),
    };
    const other = async () => {
      const forget: typeof statsProjection.forget = async (client, generation) => {
        forgetting.resolve();
        await first.promise.catch(() => undefined);
        return (await statsProjection.forget?.(client, generation)) ?? false;
      };
      await vi.waitFor(() => rebuild({ ...options(), check: false, projection: { ...statsProjection, forget } }), { timeout: 120_000 });
    };
    rebuild({ ...options(), ledger: slow, check: false }).then(first.resolve, first.reject);
    await expect(first.promise).rejects.toThrow('Another rebuild of stats has started');
    await ended;
    expect(await keptRows()).toEqual(await recount(log.database.pool));
  });
});
