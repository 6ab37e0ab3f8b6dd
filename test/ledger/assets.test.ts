/** Assets over several processes: a new one is known at once, and once a retirement is answered no wallet is opened in it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { inRole } from '../../packages/coffer/src/database/index.ts';
import { assert, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { openLedger, verify } from '../../packages/coffer/src/ledger/index.ts';
import type { Asset, Ledger, NewAsset, Operation, Outcome } from '../../packages/coffer/src/ledger/index.ts';
import { Assets } from '../../packages/coffer/src/ledger/assets/assets.ts';
import { lookUpDefinitions } from '../../packages/coffer/src/ledger/posting/lookup.ts';
import { BookState } from '../../packages/coffer/src/ledger/posting/state.ts';
import { Declarations } from '../../packages/coffer/src/ledger/verify/declarations.ts';
import { Findings } from '../../packages/coffer/src/ledger/verify/report.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { changeAsOwner, places } from './tampering.ts';

const gems: NewAsset = { code: 'GEMS', scale: 3, name: 'Gems', kind: 'virtual' };
let database: TestDatabase;
let owner: Ledger;
let front: Ledger;
let wallets = 0;

beforeEach(async () => {
  database = await createTestDatabase();
  const options = { url: inRole(database.url, 'writer'), log: silentLog(), patienceMs: 60_000 };
  owner = await openLedger({ ...options, books: 3 });
  front = await openLedger({ ...options, peers: { owns: 'none' } });
});
afterEach(async () => {
  await front.stop();
  await owner.stop();
  await database.drop();
});

async function added(wanted: NewAsset = gems, ledger = owner): Promise<Asset> {
  const found = await ledger.assets.add(wanted);
  assert('asset' in found, 'the asset is added');
  return found.asset;
}

function opening(asset: Asset): Operation {
  const wallet = `wallet-${++wallets}`;
  return { kind: 'open', key: 'k', wallet, opens: { owner: null, asset: asset.id, floor: 0n } };
}

const deposit = (wallet: string, key: string): Operation => ({
  kind: 'deposit',
  key,
  debit: { system: 'cash_in' },
  credit: { wallet },
  amount: 5n,
});

function said(outcome: Outcome): string {
  return outcome.status === 'refused' ? outcome.refusal.code : outcome.status;
}

async function expectWhole(): Promise<void> {
  expect(places(await verify(database.pool))).toEqual([]);
}

it('a wallet in a new asset is opened at once through any process, in every book, and the asset is in the chain', async () => {
  const asset = await added(gems, front);
  for (let at = 0; at < 12; at++) expect(said(await (at % 2 === 0 ? owner : front).post(opening(asset)))).toBe('posted');
  await owner.assets.learn([asset.id]);
  expect(owner.assets.get(asset.id)).toEqual(asset);
  const { rows } = await database.pool.query(
    "select distinct book, body ->> 'code' as code, body ->> 'scale' as scale from ledger.declaration where body ->> 'id' = $1 order by 1",
    [asset.id],
  );
  expect(rows).toEqual([1, 2, 3].map((book) => ({ book, code: 'GEMS', scale: '3' })));
  await expectWhole();
});

it('once a retirement is answered, no process opens a wallet in it; existing wallets go on; the end of it is known at once', async () => {
  const asset = await added();
  const kept = opening(asset);
  expect(said(await owner.post(kept))).toBe('posted');
  for (let round = 0; round < 5; round++) {
    const before: Promise<Outcome>[] = [];
    for (let at = 0; at < 60; at++) before.push((at % 2 === 0 ? owner : front).post(opening(asset)));
    expect(await front.assets.change('GEMS', { retired: true }, 'USD')).toMatchObject({ retired: true });
    const after = await Promise.all([owner, front, owner, front].map((ledger) => ledger.post(opening(asset))));
    expect(after.map(said)).toEqual(after.map(() => 'asset_retired'));
    expect((await Promise.all(before)).map(said).filter((one) => one !== 'posted' && one !== 'asset_retired')).toEqual([]);
    assert('wallet' in kept, 'an opening has a wallet');
    expect(said(await front.post(deposit(kept.wallet, `d${round}`)))).toBe('posted');
    await owner.assets.change('GEMS', { retired: false }, 'USD');
    expect(said(await front.post(opening(asset)))).toBe('posted');
  }
  await expectWhole();
});

it('the database refuses a batch that was decided before the retirement, and the writer decides again', async () => {
  const asset = await added();
  expect(said(await owner.post(opening(asset)))).toBe('posted');
  // Behind the back of the writer, which learns of it from the refusal alone.
  const retire =
    "insert into ledger.asset_version (asset, version, name, kind, retired, actor) values ($1, 2, 'Gems', 'virtual', true, 'test')";
  await database.pool.query(retire, [asset.id]);
  const deposited = {
    ...deposit(`wallet-${++wallets}`, 'd'),
    credit: { wallet: `wallet-${wallets}`, opens: { owner: null, asset: asset.id, floor: 0n } },
  };
  expect(said(await owner.post(deposited as Operation))).toBe('asset_retired');
  expect(owner.ready).toBe(true);
});

it('two definitions of one code at once: one wins; the same again is the same asset, also after a rename', async () => {
  const wanted = [0, 1, 2, 3].map((scale) => ({ ...gems, scale }));
  const found = await Promise.all(wanted.map(async (one, at) => await (at % 2 === 0 ? owner : front).assets.add(one)));
  expect(found.map((one) => ('refusal' in one ? one.refusal.code : 'added')).toSorted()).toEqual([
    'added',
    'asset_exists',
    'asset_exists',
    'asset_exists',
  ]);
  const winner = wanted[found.findIndex((one) => 'asset' in one)];
  assert(winner, 'one wins');
  expect(await front.assets.change('GEMS', { name: 'Gem Stones' }, 'USD')).toMatchObject({ name: 'Gem Stones', version: 2 });
  expect(await front.assets.change('GEMS', { name: 'Gem Stones' }, 'USD')).toMatchObject({ version: 2 });
  for (const again of [winner, { ...winner, name: 'Gem Stones' }])
    expect(await owner.assets.add(again)).toMatchObject({ added: false, asset: { name: 'Gem Stones', scale: winner.scale } });
  const { rows } = await database.pool.query("select kind, subject from audit.change where kind like 'assets.%' order by id");
  expect(rows).toEqual([
    { kind: 'assets.add', subject: 'GEMS' },
    { kind: 'assets.change', subject: 'GEMS' },
  ]);
});

it('readings of the assets that are answered in the other order do not make a process forget one', async () => {
  const release: (() => void)[] = [];
  let holds = false;
  const { pool } = database;
  const query = async (...values: unknown[]) => {
    const found: unknown = await (pool.query as (...all: unknown[]) => Promise<unknown>)(...values);
    if (holds) await new Promise<void>((resolve) => release.push(resolve));
    return found;
  };
  const assets = await Assets.load({ query } as unknown as typeof pool);
  holds = true;
  const older = assets.list();
  await expect.poll(() => release.length).toBe(1);
  const asset = await added();
  await owner.assets.change('USD', { name: 'Dollar' }, 'EUR');
  const newer = assets.list();
  await expect.poll(() => release.length).toBe(2);
  release[1]?.();
  expect(await newer).toContainEqual(asset);
  release[0]?.();
  await older;
  expect(assets.get(asset.id)).toEqual(asset);
  expect(assets.find('USD')).toMatchObject({ name: 'Dollar' });
});

it('a change that is reported while the assets are read makes the writer read them once more', async () => {
  const state = new BookState(1, new Set([1]), 1, 1);
  const reading = lookUpDefinitions(
    {
      definitions: () => {
        state.doubtsDefinitions = true;
        return Promise.resolve({ known: new Set([1, 2]), retired: new Set<number>(), named: new Map(), undeclared: [] });
      },
    },
    state,
  );
  await reading;
  expect([state.knowsAsset(2), state.doubtsDefinitions]).toEqual([true, true]);
});

it('an invalid definition is refused with a sentence, and nothing changes', async () => {
  const before = await owner.assets.list();
  for (const [change, sentence] of [
    [{ code: 'gems' }, 'Did you mean GEMS?'],
    [{ code: '💎' }, 'capital letters'],
    [{ code: '1UP' }, 'begins with a letter'],
    [{ code: `G${'E'.repeat(16)}` }, '1 to 16'],
    [{ scale: 19 }, '0 to 18'],
    [{ scale: 1.5 }, '0 to 18'],
    [{ name: '' }, '1 to 64'],
    [{ name: ' Gems' }, 'without spaces at its ends'],
    [{ name: 'Gems 💎' }, 'no emoji'],
    [{ name: 'Ge\u0000ms' }, 'no invisible'],
    [{ name: 'Ge\u202Ems' }, 'no invisible'],
    [{ kind: 'gems' as NewAsset['kind'] }, 'currency, crypto, virtual or other'],
  ] as const)
    expect(await owner.assets.add({ ...gems, ...change })).toMatchObject({
      refusal: { code: 'asset_invalid', facts: { said: expect.stringContaining(sentence) as unknown } },
    });
  expect(await owner.assets.change('NONE', { name: 'None' }, 'USD')).toMatchObject({ refusal: { code: 'asset_not_found' } });
  expect(await owner.assets.change('usd\u0000', { retired: true }, 'USD')).toMatchObject({ refusal: { code: 'asset_not_found' } });
  expect(await owner.assets.change('USD', { retired: true }, 'USD')).toMatchObject({ refusal: { code: 'asset_is_default' } });
  expect(await owner.assets.change('USD', {}, 'USD')).toMatchObject({ refusal: { code: 'asset_invalid' } });
  expect(await owner.assets.list()).toEqual(before);
});

it('verification names a changed name, a removed version, and a wallet in a retired asset', async () => {
  const asset = await added();
  await owner.post(opening(asset));
  await owner.assets.change('GEMS', { name: 'Gem Stones', retired: true }, 'USD');
  // Refused, but it makes the writer read the assets; the next batch declares them.
  await owner.post(opening(asset));
  for (let at = 0; at < 12; at++) await owner.post(opening(owner.assets.get(3)));
  await expectWhole();
  const id = asset.id;
  for (const [change, back] of [
    [
      `update ledger.asset_version set name = 'Jewels' where asset = ${id} and version = 2`,
      `update ledger.asset_version set name = 'Gem Stones' where asset = ${id} and version = 2`,
    ],
    [
      `update ledger.asset_version set retired = false where asset = ${id} and version = 2`,
      `update ledger.asset_version set retired = true where asset = ${id} and version = 2`,
    ],
    [
      `update ledger.asset_version set kind = 'crypto' where asset = ${id} and version = 2`,
      `update ledger.asset_version set kind = 'virtual' where asset = ${id} and version = 2`,
    ],
    [`update ledger.asset set scale = 2 where id = ${id}`, `update ledger.asset set scale = 3 where id = ${id}`],
    [`update ledger.asset set code = 'JEWELS' where id = ${id}`, `update ledger.asset set code = 'GEMS' where id = ${id}`],
    [
      `update ledger.asset_version set version = 9 where asset = ${id} and version = 2`,
      `update ledger.asset_version set version = 2 where asset = ${id} and version = 9`,
    ],
  ] as const) {
    await changeAsOwner(database, change);
    expect(places(await verify(database.pool))).toContainEqual(expect.stringContaining(`I11 asset ${id}`));
    await changeAsOwner(database, back);
    await expectWhole();
  }
});

it('verification names a batch that opens a wallet in an asset that was retired by then', () => {
  const findings = new Findings();
  const opened = { id: 'w', asset: 9, owner: null, floor: 0n };
  const body = JSON.stringify({ id: 9, ...gems, retired: true, version: 2 });
  const declarations = new Declarations(1, findings, [{ kind: 'asset', body, batchNo: 4, position: 1 }]);
  declarations.checkOpening({ ...opened, kind: 'wallet' }, 'batch 3');
  declarations.take(4, 'batch 4');
  declarations.checkOpening({ ...opened, kind: 'fees' }, 'batch 5');
  expect(findings.reports().every(({ ok }) => ok)).toBe(true);
  declarations.checkOpening({ ...opened, kind: 'wallet' }, 'batch 6');
  expect(findings.reports().flatMap(({ first }) => (first ? [first.at] : []))).toEqual(['batch 6']);
});
