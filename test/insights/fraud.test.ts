// Fraud rules on a real log: each finding is made once, a rebuild makes the same findings, and each has its consequences once.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dryRun, fraudProjection, startFraudActions } from '../../packages/coffer/src/insights/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { LedgerHalted } from '../../packages/coffer/src/ledger/index.ts';
import type { LedgerEvent } from '../../packages/coffer/src/ledger/index.ts';
import { startLog } from './log.ts';
import type { Log } from './log.ts';

/** Generous, because the machine may be busy. */
const soon = { timeout: 50_000 };

let log: Log;
beforeAll(async () => {
  log = await startLog();
});
afterAll(async () => {
  await log.stop();
});

const fraud = fraudProjection();
const byMe = { actor: 'operator:me', reason: 'a test' };
let applied = 0;

/** Applies the new events of the log. */
async function catchUp(): Promise<LedgerEvent[]> {
  const events = await log.events(applied);
  applied = events.at(-1)?.seq ?? applied;
  if (events.length > 0) await log.apply(fraud, events);
  return events;
}

async function fund(wallet: string, amount = 1_000_000n): Promise<void> {
  await log.commands.deposit({ wallet, amount, key: `funds-${wallet}` });
}

async function withdraw(wallet: string, amount = 1n): Promise<string> {
  const outcome = await log.commands.withdraw({ wallet, amount });
  expect(outcome.status).toBe('posted');
  return `1-${outcome.seq}-1`;
}

async function findingsOf(wallet: string): Promise<string[]> {
  const { items } = await log.insights.findings.list({ wallet, limit: 500 });
  return items.map(({ id, version }) => `${id} v${version}`).toReversed();
}

async function everything(generation: number): Promise<unknown[]> {
  const { rows } = await log.owner.query<object>(
    `select book, seq, part, rule, version, action, wallet, recorded_at, events, facts from insights.fraud_finding
     where generation = $1 order by book, seq, part, rule`,
    [generation],
  );
  return rows;
}

/** Applies the events in portions. */
async function rebuild(generation: number, events: readonly LedgerEvent[], portion: number): Promise<void> {
  for (let at = 0; at < events.length; at += portion) await log.apply(fraud, events.slice(at, at + portion), generation);
}

test('the two documented rules exist, and find three withdrawals within a minute and a large withdrawal', async () => {
  await fund('d');
  const three = [await withdraw('d'), await withdraw('d'), await withdraw('d')];
  await fund('e');
  await withdraw('e', 9_999n);
  const large = await withdraw('e', 10_000n);
  await catchUp();
  const { items } = await log.insights.findings.list({ wallet: 'd', limit: 10 });
  expect(items).toMatchObject([{ rule: 'withdrawal-velocity', version: 1, event: three[2], events: three, action: 'flag' }]);
  expect(await findingsOf('e')).toEqual([`${large}-withdrawal-amount v1`]);
  const { items: told } = await log.insights.notifications.list(null, { limit: 10 });
  expect(told.map(({ kind, wallet }) => [kind, wallet])).toEqual([
    ['fraud_found', 'e'],
    ['fraud_found', 'd'],
  ]);
});

test('findings are listed page by page', async () => {
  const first = await log.insights.findings.list({ limit: 1 });
  const second = await log.insights.findings.list({ limit: 1, cursor: first.next ?? '' });
  expect([first.items.length, second.items.length, second.next]).toEqual([1, 1, null]);
  expect(first.items[0]?.id).not.toBe(second.items[0]?.id);
});

test('a hold for a withdrawal counts as a withdrawal, its capture does not count again, and other holds never count', async () => {
  await fund('h');
  const metadata = '{"coffer":{"purpose":"withdrawal","request":"r"}}';
  const held = await log.commands.hold({ wallet: 'h', amount: 10_000n, metadata });
  await log.commands.capture({ hold: `1-${held.seq}`, to: { system: 'cash_out' } });
  await log.commands.hold({ wallet: 'h', amount: 10_000n });
  await catchUp();
  expect(await findingsOf('h')).toEqual([`1-${held.seq}-1-withdrawal-amount v1`]);
});

test('after a rule change, each event is evaluated by the version in force at its position in the log', async () => {
  await fund('c');
  const before = await withdraw('c', 500n);
  const changed = await log.insights.rules.change(
    'withdrawal-amount',
    { definition: { threshold: '400', movements: ['withdrawal'], assets: 'all' } },
    byMe,
  );
  expect(changed).toMatchObject({ version: 2, action: 'flag', actor: 'operator:me', reason: 'a test' });
  const between = await withdraw('c', 500n);
  await log.insights.rules.change('withdrawal-amount', { enabled: false }, byMe);
  await withdraw('c', 20_000n);
  await log.insights.rules.change('withdrawal-amount', { enabled: true }, byMe);
  const after = await withdraw('c', 400n);
  // All events are evaluated only now, with all versions known.
  await catchUp();
  const amounts = (await findingsOf('c')).filter((finding) => finding.includes('amount'));
  expect(amounts).toEqual([`${between}-withdrawal-amount v2`, `${after}-withdrawal-amount v4`]);
  expect(before).not.toBe(between);
  const history = await log.insights.rules.history('withdrawal-amount');
  expect(history.map(({ version, enabled }) => [version, enabled])).toEqual([
    [4, true],
    [3, false],
    [2, true],
    [1, true],
  ]);
  await expect(log.owner.query('update insights.fraud_rule_version set enabled = true')).rejects.toThrow('immutable');
});

test('a rule change waits for the batch in evaluation, and takes effect after it', async () => {
  await fund('l');
  const evaluating = await log.pool.connect();
  await evaluating.query('begin');
  await fraud.apply(evaluating, await log.events(applied), 1);
  applied = (await log.events(applied)).at(-1)?.seq ?? applied;
  let done = false;
  const change = log.insights.rules.change('withdrawal-velocity', { name: 'Renamed' }, byMe).then((version) => {
    done = true;
    return version;
  });
  const waits = () =>
    log.owner.query(
      `select from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`,
    );
  await expect.poll(async () => (await waits()).rowCount, soon).toBe(1);
  const late = await withdraw('l', 1n);
  expect(done).toBe(false);
  await evaluating.query('commit');
  evaluating.release();
  const version = await change;
  expect('afterSeq' in version && version.afterSeq['1']).toBe(Number(late.split('-')[1]));
});

test('a rebuild in portions of any size, with duplicate events, makes the same findings and repeats no consequences', async () => {
  for (const wallet of ['x', 'y', 'z']) {
    await fund(wallet);
    for (let nth = 0; nth < 12; nth++) await withdraw(wallet, BigInt(nth * 100 + 1));
  }
  await log.insights.rules.add(
    'sum-of-all',
    {
      name: 'A sum',
      kind: 'sum',
      definition: { threshold: '900', windowSeconds: 3_600, movements: ['withdrawal', 'transfer'], assets: [3] },
      action: 'notify',
      enabled: true,
    },
    byMe,
  );
  for (let nth = 0; nth < 12; nth++) await withdraw('x', BigInt(nth * 100 + 1));
  await log.commands.transfer({ from: 'x', to: 'y', amount: 600n });
  await catchUp();
  const live = await everything(1);
  expect(live.length).toBeGreaterThan(40);
  const effects = async () =>
    (
      await log.owner.query<object>(
        'select (select count(*) from insights.fraud_action) as a, (select count(*) from insights.notification) as n, (select max(seq) from insights.fraud_mark) as mark',
      )
    ).rows;
  const before = await effects();
  const events = await log.events();
  for (const [generation, portion] of [
    [2, 1],
    [3, 7],
    [4, events.length],
  ] as const) {
    await rebuild(generation, events, portion);
    expect(await everything(generation)).toEqual(live);
  }
  await log.apply(fraud, events.slice(-20), 4);
  expect(await everything(4)).toEqual(live);
  expect(await effects()).toEqual(before);
});

test('after the switch reads use the next generation, while the old one is being deleted or remains after a killed rebuild', async () => {
  const list = async () => (await log.insights.findings.list({ limit: 500 })).items;
  const old = await list();
  await log.owner.query("update projections.projection set active_generation = 2, last_generation = 2 where name = 'fraud'");
  expect(await list()).toEqual(old);
  await fund('switched');
  await withdraw('switched', 1_000_000n);
  await catchUpIn(2);
  const before = await list();
  expect(before.filter(({ wallet }) => wallet !== 'switched')).toEqual(old);
  expect(before.length).toBeGreaterThan(old.length);
  const client = await log.pool.connect();
  while (await fraud.forget?.(client, 1)) {
    expect(await list()).toEqual(before);
  }
  client.release();
  expect(await list()).toEqual(before);
  expect(await everything(1)).toEqual([]);
  // The tests below use generation 2.
});

test('movements outside every window are deleted', async () => {
  const { rows } = await log.owner.query<{ kind: string }>(
    'select distinct kind from insights.fraud_movement where generation = 2 order by 1',
  );
  expect(rows.map(({ kind }) => kind)).toEqual(['transfer', 'withdrawal']);
  const future = (await log.events()).filter(({ type }) => type === 'FundsWithdrawn').slice(-1);
  const later = future.map((event) => ({
    ...event,
    seq: event.seq + 1_000_000,
    recordedAt: new Date(event.recordedAt.getTime() + 7_200_000),
  }));
  const client = await log.pool.connect();
  await client.query('begin');
  await fraud.apply(client, later, 2);
  const left = await client.query<{ count: number }>('select count(*) as count from insights.fraud_movement where generation = 2');
  await client.query('rollback');
  client.release();
  expect(left.rows[0]?.count).toBe(1);
});

describe('a dry run', () => {
  test('finds what a rebuild finds, compares it with the findings of the current rule, and writes nothing', async () => {
    const rule = {
      id: 'withdrawal-velocity',
      kind: 'velocity',
      definition: { count: 5, windowSeconds: 30, movements: ['withdrawal'], assets: 'all' },
    };
    const present = (await log.insights.rules.history('withdrawal-velocity'))[0] ?? null;
    const tables = ['fraud_finding', 'fraud_movement', 'fraud_rule_version', 'fraud_action', 'notification'];
    const count = async () =>
      await Promise.all(tables.map(async (table) => (await log.owner.query<object>(`select count(*) from insights.${table}`)).rows));
    const before = await count();
    const shares: number[] = [];
    const told = await dryRun(log.insights.ledger, { rule, present, listedMax: 10_000, onProgress: ({ share }) => shares.push(share) });
    expect(await count()).toEqual(before);
    if ('refusal' in told) throw new Error(told.detail);
    expect(told.complete && shares.at(-1) === 1).toBe(true);
    // Both versions of this rule match three within a minute, so the rebuild found the same as the current version.
    const rebuilt = (await everything(2)) as { rule: string; seq: number }[];
    expect(told.foundByPresent).toBe(rebuilt.filter((finding) => finding.rule === 'withdrawal-velocity').length);
    expect(told.foundByBoth).toBe(told.found);
    expect(told.onlyPresent.length).toBe(told.foundByPresent - told.foundByBoth);
    expect(told.onlyNew).toEqual([]);
  });

  test('of a part of the past reads one window further back, and reports nothing before the part', async () => {
    const events = (await log.events()).filter(({ type, wallet }) => type === 'FundsWithdrawn' && wallet === 'x');
    const rule = { kind: 'velocity', definition: { count: 2, windowSeconds: 3_600, movements: ['withdrawal'], assets: 'all' } };
    const [since, until] = [events[4]?.recordedAt, events[9]?.recordedAt];
    const part = await dryRun(log.insights.ledger, { rule, present: null, since, until, listedMax: 10_000 });
    if ('refusal' in part || !since || !until) throw new Error('the dry run was refused');
    const within = events.filter(({ recordedAt }) => recordedAt >= since && recordedAt <= until);
    expect(part.onlyNew.filter(({ wallet }) => wallet === 'x').map(({ event }) => event)).toEqual(within.map(({ id }) => id));
  });

  test('stops at the requested limit, and reports it', async () => {
    const rule = { kind: 'amount', definition: { threshold: '1', movements: ['withdrawal'], assets: 'all' } };
    const part = await dryRun(log.insights.ledger, { rule, present: null, eventsMax: 0 });
    expect(part).toMatchObject({ complete: false, events: 0, found: 0, readFrom: null, readUntil: null });
    const some = await dryRun(log.insights.ledger, { rule, present: null, eventsMax: 1 });
    const read = (await log.events()).slice(0, 2_000);
    expect(some).toMatchObject({ events: read.length, readFrom: read[0]?.recordedAt, readUntil: read.at(-1)?.recordedAt });
  });

  test('ends on cancellation, with its findings so far and the point it reached', async () => {
    const rule = { kind: 'amount', definition: { threshold: '1', movements: ['withdrawal'], assets: 'all' } };
    const over = await dryRun(log.insights.ledger, { rule, present: null, isOver: () => true });
    expect(over).toMatchObject({ complete: false, events: 0, readUntil: null });
    const whole = await dryRun(log.insights.ledger, { rule, present: null });
    expect(whole).toMatchObject({ complete: true, readUntil: (await log.events()).at(-1)?.recordedAt });
  });
});

describe('consequences of a finding', () => {
  const state = async (wallet: string) =>
    (await log.owner.query<object>('select action, state, note from insights.fraud_action where wallet = $1 order by id', [wallet])).rows;

  test('a wallet is frozen once, with the rule as the actor; the action on an already frozen wallet is done too', async () => {
    const owner = '11111111-1111-4111-8111-111111111111';
    await log.commands.open({ owner, asset: 'USD' });
    const wallet = `${owner}.USD`;
    await log.commands.deposit({ wallet, amount: 1_000n });
    const definition = { threshold: '77', movements: ['withdrawal'], assets: 'all' };
    await log.insights.rules.add('freeze-77', { name: 'Freeze', kind: 'amount', definition, action: 'freeze', enabled: true }, byMe);
    await log.insights.rules.add('notify-77', { name: 'Notify', kind: 'amount', definition, action: 'notify', enabled: true }, byMe);
    await withdraw(wallet, 77n);
    await withdraw(wallet, 78n);
    await catchUpIn(2);
    const loops = [1, 2].map(() =>
      startFraudActions({ pool: log.pool, ledger: log.ledger, commands: log.commands, mailed: true, log: silentLog() }),
    );
    await expect
      .poll(async () => (await state(wallet)).filter((one) => (one as { state: string }).state === 'pending').length, soon)
      .toBe(0);
    for (const loop of loops) await loop.stop();
    const { items } = await log.insights.findings.list({ wallet, rule: 'freeze-77', limit: 9 });
    expect(new Set(items.map(({ followed }) => `${followed.state}: ${followed.note}`))).toEqual(
      new Set(['done: frozen', 'done: not frozen: nothing_to_change']),
    );
    const flagged = await log.insights.findings.list({ rule: 'withdrawal-amount', limit: 1 });
    expect(flagged.items).toMatchObject([{ followed: { state: null, note: null } }]);
    expect((await state(wallet)).map((one) => Object.values(one).join(' ')).toSorted()).toEqual([
      'freeze done frozen',
      'freeze done not frozen: nothing_to_change',
      'notify done told',
      'notify done told',
    ]);
    const frozen = (await log.events()).filter((event) => event.type === 'WalletFrozen' && event.wallet === wallet);
    expect(frozen.map(({ data }) => data['actor'])).toEqual(['fraud rule freeze-77']);
    // The owner sees the reason but not the rule.
    expect(frozen.map(({ data }) => data['reason'])).toEqual(['a fraud rule flagged the wallet']);
    expect(await log.commands.withdraw({ wallet, amount: 1n })).toMatchObject({ refusal: { code: 'wallet_frozen' } });
    expect((await log.insights.notifications.list(owner, { limit: 10 })).items.map(({ kind }) => kind)).toEqual([
      'movement_flagged',
      'movement_flagged',
    ]);
    const { rows } = await log.owner.query('select from insights.mail');
    expect(rows).toHaveLength(2);
  });

  test('an action that was postponed while the clock was ahead does not wait until that moment', async () => {
    await log.owner.query(`
      update insights.fraud_action set state = 'pending', waits_since = clock_timestamp() + interval '1 hour',
        next_try_at = clock_timestamp() + interval '1 hour 1 second' where action = 'freeze'`);
    const loop = startFraudActions({ pool: log.pool, ledger: log.ledger, commands: log.commands, mailed: true, log: silentLog() });
    await expect
      .poll(async () => (await log.owner.query(`select from insights.fraud_action where state = 'pending'`)).rowCount, soon)
      .toBe(0);
    await loop.stop();
  });

  test('a completed action that was not marked as done is not repeated', async () => {
    await log.owner.query(`update insights.fraud_action set state = 'pending', next_try_at = clock_timestamp() where action = 'freeze'`);
    const before = (await log.events()).length;
    const told = (await log.owner.query('select from insights.notification')).rowCount;
    const loop = startFraudActions({ pool: log.pool, ledger: log.ledger, commands: log.commands, mailed: true, log: silentLog() });
    await expect
      .poll(async () => (await log.owner.query(`select from insights.fraud_action where state = 'pending'`)).rowCount, soon)
      .toBe(0);
    await loop.stop();
    const events = await log.events();
    expect(events.slice(before).filter(({ type }) => type === 'WalletFrozen')).toEqual([]);
    expect((await log.owner.query('select from insights.notification')).rowCount).toBe(told);
  });

  test('a freeze is not abandoned while its book is halted, after any number of attempts', async () => {
    const wallet = 'halted';
    await fund(wallet);
    await withdraw(wallet, 77n);
    await catchUpIn(2);
    await log.owner.query(`update insights.fraud_action set attempts = 9 where wallet = $1`, [wallet]);
    let isHalted = true;
    let tries = 0;
    const freeze: typeof log.commands.freeze = async (asked) => {
      tries++;
      if (isHalted) throw new LedgerHalted(new Error('a bug'));
      return await log.commands.freeze(asked);
    };
    const loop = startFraudActions({ pool: log.pool, ledger: log.ledger, commands: { freeze }, mailed: true, log: silentLog() });
    const freezes = async () => (await state(wallet)).filter((one) => (one as { action: string }).action === 'freeze');
    await expect.poll(() => tries, soon).toBeGreaterThan(1);
    expect(await freezes()).toMatchObject([{ state: 'pending' }]);
    isHalted = false;
    await expect.poll(freezes, soon).toMatchObject([{ state: 'done', note: 'frozen' }]);
    await loop.stop();
  });
});

/** Like `catchUp`, for the generation in use. */
async function catchUpIn(generation: number): Promise<void> {
  const events = await log.events(applied);
  applied = events.at(-1)?.seq ?? applied;
  await log.apply(fraud, events, generation);
}
