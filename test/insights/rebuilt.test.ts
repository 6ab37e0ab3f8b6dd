// Rebuilt findings equal the live ones, or the differences are reported; missed findings have their consequences once.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { fraudProjection, startFraudActions } from '../../packages/coffer/src/insights/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { listSetAside, Projector, rebuild, retrySetAside } from '../../packages/coffer/src/projections/index.ts';
import type { Rebuilt } from '../../packages/coffer/src/projections/index.ts';
import { startLog } from './log.ts';
import type { Log } from './log.ts';

const byMe = { actor: 'operator:me', reason: 'a test' };
const soon = { timeout: 50_000 };

let log: Log;
let projector: Projector;
const fraud = fraudProjection();
beforeAll(async () => {
  log = await startLog();
  for (const action of ['freeze', 'notify', 'flag'])
    await log.insights.rules.add(
      action,
      { name: action, kind: 'amount', definition: { threshold: '77', movements: ['withdrawal'], assets: 'all' }, action, enabled: true },
      byMe,
    );
  projector = await Projector.start({ ...parts(), projections: [fraud], lookMs: 20 });
});
afterAll(async () => {
  await projector.stop();
  await log.stop();
});

function parts() {
  return { pool: log.pool, ledger: log.ledger, log: silentLog() };
}

async function rebuilt(check: boolean): Promise<Rebuilt> {
  return await rebuild({ ...parts(), projection: fraud, check });
}

async function withdraw(wallet: string, amounts: readonly bigint[]): Promise<string[]> {
  await log.commands.deposit({ wallet, amount: 1_000_000n, key: `funds-${wallet}` });
  const ids = [];
  for (const amount of amounts) ids.push(`1-${(await log.commands.withdraw({ wallet, amount })).seq}-1`);
  return ids;
}

/** Waits until the projection has read the whole log, except quarantined events. */
async function caughtUp(): Promise<void> {
  const end = (await log.events()).at(-1);
  const mark = async () =>
    (
      await log.owner.query<{ seq: number }>(
        `select g.seq from projections.progress g join projections.projection p on p.name = g.projection and p.active_generation = g.generation`,
      )
    ).rows[0]?.seq;
  await vi.waitFor(async () => expect(await mark()).toBe(end?.seq), soon);
}

/** Makes each event that counts for this wallet fail. */
async function failOn(wallet: string): Promise<void> {
  await log.owner.query(`
    create or replace function insights.refuse() returns trigger language plpgsql as $$ begin raise exception 'nothing about %', new.wallet; end $$;
    create trigger refuse before insert on insights.fraud_movement for each row when (new.wallet = '${wallet}') execute function insights.refuse()`);
}

async function mend(): Promise<void> {
  await log.owner.query('drop trigger refuse on insights.fraud_movement');
}

/** For a wallet: the planned actions, the rules in staff notifications, and the number of freezes. */
async function consequences(wallet: string) {
  const [actions, told] = await Promise.all([
    log.owner.query<{ action: string; rule: string }>('select action, rule from insights.fraud_action where wallet = $1 order by id', [
      wallet,
    ]),
    log.owner.query<{ rule: string }>(`select facts ->> 'rule' as rule from insights.notification where wallet = $1 and user_id is null`, [
      wallet,
    ]),
  ]);
  const frozen = (await log.events()).filter((event) => event.type === 'WalletFrozen' && event.wallet === wallet);
  return {
    actions: actions.rows.map(({ action }) => action).toSorted(),
    told: told.rows.map(({ rule }) => rule).toSorted(),
    frozen: frozen.length,
  };
}

async function act(): Promise<void> {
  const loop = startFraudActions({ ...parts(), commands: log.commands, mailed: false });
  const pending = async () => (await log.owner.query(`select from insights.fraud_action where state = 'pending'`)).rowCount;
  await vi.waitFor(async () => expect(await pending()).toBe(0), soon);
  await loop.stop();
}

const nothing = { actions: [], told: [], frozen: 0 };
const all = { actions: ['freeze', 'notify'], told: ['flag', 'freeze', 'notify'], frozen: 1 };

test('a quarantined event has its consequences after a rebuild applies it, and no other event repeats them', async () => {
  await failOn('missed');
  await withdraw('acted', [77n]);
  const [missed = ''] = await withdraw('missed', [77n]);
  await caughtUp();
  await act();
  expect((await listSetAside(log.pool, log.ledger, 'fraud', { limit: 9 })).items.map(({ id }) => id)).toEqual([missed]);
  expect(await consequences('acted')).toEqual(all);
  expect(await consequences('missed')).toEqual(nothing);

  // A rebuild that also fails on the event causes no consequences.
  expect(await rebuilt(false)).toMatchObject({ setAside: 1 });
  await mend();
  // Nor does a rebuild that only compares.
  const { differences } = await rebuilt(true);
  expect(differences).toEqual([
    { table: 'insights.fraud_finding', rows: 3, first: expect.stringMatching(/^by the log: .*"missed"/) as string },
  ]);
  // As if the notifications were old and deleted.
  await log.owner.query(`delete from insights.notification where wallet = 'acted'`);
  // Nor does a rebuild that ends midway.
  const ends = rebuild({
    ...parts(),
    projection: fraud,
    check: false,
    onProgress: () => {
      throw new Error('ended');
    },
  });
  await expect(ends).rejects.toThrow('ended');
  await act();
  expect(await consequences('missed')).toEqual(nothing);

  for (let times = 0; times < 2; times++) {
    expect(await rebuilt(false)).toMatchObject({ setAside: 0 });
    await act();
    expect(await consequences('missed')).toEqual(all);
    expect(await consequences('acted')).toEqual({ ...all, told: [] });
  }
  expect((await rebuilt(true)).differences).toEqual([]);
});

test('an event that an operator already retried does not repeat its consequences in a rebuild', async () => {
  await failOn('retried');
  await withdraw('retried', [77n]);
  await caughtUp();
  await mend();
  expect(await retrySetAside({ ...parts(), projection: fraud })).toMatchObject({ applied: 1 });
  await act();
  expect(await consequences('retried')).toEqual(all);
  await rebuilt(false);
  await act();
  expect(await consequences('retried')).toEqual(all);
});

test('a rebuild ahead of the worker causes the same consequences as the worker, once', async () => {
  await projector.stop();
  await withdraw('ahead', [77n]);
  await rebuilt(false);
  projector = await Projector.start({ ...parts(), projections: [fraud], lookMs: 20 });
  await withdraw('after', [77n]);
  await caughtUp();
  await act();
  expect(await consequences('ahead')).toEqual(all);
  expect(await consequences('after')).toEqual(all);
});

test('with any rule changes and any portions of events, the findings equal those rebuilt from the log', async () => {
  const velocity = { kind: 'velocity', definition: { count: 3, windowSeconds: 60, movements: ['withdrawal', 'transfer'], assets: 'all' } };
  await withdraw('n', []);
  await withdraw('m', []);
  // No rule counted transfers yet, so this one was not stored.
  await log.commands.transfer({ from: 'm', to: 'n', amount: 5n });
  await caughtUp();
  await log.insights.rules.add('mixed', { name: 'Mixed', action: 'flag', enabled: true, ...velocity }, byMe);
  await withdraw('m', [1n, 2n]);
  await log.commands.transfer({ from: 'm', to: 'n', amount: 5n });
  await caughtUp();
  await log.insights.rules.change('mixed', { definition: { ...velocity.definition, windowSeconds: 3_600, count: 4 } }, byMe);
  await withdraw('m', [3n, 4n, 5n]);
  await caughtUp();
  await log.insights.rules.change('mixed', { enabled: false }, byMe);
  await withdraw('m', [6n]);
  const sum = { kind: 'sum', definition: { threshold: '15', windowSeconds: 600, movements: ['withdrawal'], assets: [3] } };
  await log.insights.rules.change('mixed', { enabled: true, ...sum }, byMe);
  await withdraw('m', [7n, 8n]);
  await caughtUp();
  const { items } = await log.insights.findings.list({ wallet: 'm', rule: 'mixed', limit: 100 });
  expect(new Set(items.map(({ version }) => version))).toEqual(new Set([1, 2, 4]));
  expect((await rebuilt(true)).differences).toEqual([]);
});

test.each([
  ['one that is missing', `delete from insights.fraud_finding where wallet = 'missed' and rule = 'flag'`, 1],
  ['one that names other events', `update insights.fraud_finding set events = '{}' where wallet = 'after' and rule = 'flag'`, 2],
  [
    'one too many',
    `insert into insights.fraud_finding select generation, book, seq, part, 'made-up', version, action, wallet, recorded_at, events, facts from insights.fraud_finding where wallet = 'ahead' and rule = 'flag'`,
    1,
  ],
])('a check finds %s, and a rebuild repairs it without consequences', async (_what, damage, rows) => {
  const before = [await consequences('missed'), await consequences('after'), await consequences('ahead')];
  expect((await log.owner.query(damage)).rowCount).toBe(1);
  expect((await rebuilt(true)).differences).toMatchObject([{ table: 'insights.fraud_finding', rows }]);
  await rebuilt(false);
  await act();
  expect((await rebuilt(true)).differences).toEqual([]);
  expect([await consequences('missed'), await consequences('after'), await consequences('ahead')]).toEqual(before);
});

test('a check detects findings that a late event changes, and a rebuild triggers their consequences', async () => {
  await failOn('late');
  await withdraw('late', [1n]);
  await caughtUp();
  await mend();
  const [, third = ''] = await withdraw('late', [2n, 3n]);
  await caughtUp();
  expect(await retrySetAside({ ...parts(), projection: fraud })).toMatchObject({ applied: 1 });
  expect(await consequences('late')).toEqual(nothing);
  expect((await rebuilt(true)).differences).toMatchObject([{ rows: 1, first: expect.stringContaining('withdrawal-velocity') as string }]);
  await rebuilt(false);
  expect((await log.insights.findings.list({ wallet: 'late', limit: 9 })).items).toMatchObject([
    { event: third, rule: 'withdrawal-velocity' },
  ]);
  expect(await consequences('late')).toMatchObject({ told: ['withdrawal-velocity'] });
});
