// A worker is killed at any moment between a finding and its consequences: each wallet is frozen exactly once.
import { itemsOf } from '../support/batch.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fraudProjection } from '../../packages/coffer/src/insights/index.ts';
import { endWithTest } from '../support/children.ts';
import { randomFrom, seedOf } from '../support/seed.ts';
import { until, within } from '../support/until.ts';
import { startLog } from './log.ts';
import type { Log } from './log.ts';

const walletCount = 300;
const kills = 8;

let log: Log;
beforeAll(async () => {
  log = await startLog();
});
afterAll(async () => {
  await log.stop();
});

/** Ends the leases of a killed child, instead of waiting for them to expire. */
async function giveUpLeases(): Promise<void> {
  await log.owner.query(`update insights.fraud_action set next_try_at = clock_timestamp() where state = 'pending'`);
}

async function pending(): Promise<string[]> {
  const { rows } = await log.owner.query<{ wallet: string }>(`select wallet from insights.fraud_action where state = 'pending'`);
  return rows.map(({ wallet }) => wallet);
}

async function frozen(): Promise<string[]> {
  return (await log.events()).filter(({ type }) => type === 'WalletFrozen').map(({ wallet }) => wallet);
}

test('freezing survives kills', async () => {
  const definition = { threshold: '10', movements: ['withdrawal'], assets: 'all' };
  const rule = { name: 'Freeze', kind: 'amount', definition, action: 'freeze', enabled: true };
  await log.insights.rules.add('freeze', rule, { actor: 'operator:me', reason: 'a test' });
  const wallets = Array.from({ length: walletCount }, (_, nth) => `w${nth}`);
  await log.commands.batch(itemsOf(...wallets.map((wallet) => ({ type: 'deposit', wallet, amount: 100n }) as const)), { atomic: false });
  await log.commands.batch(itemsOf(...wallets.map((wallet) => ({ type: 'withdraw', wallet, amount: 10n }) as const)), { atomic: false });
  await log.apply(fraudProjection(), await log.events());
  expect(await pending()).toHaveLength(walletCount);

  const random = randomFrom(seedOf('killed actors'));
  let [killed, unmarked] = [0, 0];
  const live = (nth: number, moment: string) => {
    const script = path.join(import.meta.dirname, 'actor.ts');
    const child = spawn(process.execPath, [script, log.url, String(nth), moment], { stdio: ['ignore', 'inherit', 'inherit'] });
    endWithTest(child);
    return { child, ended: once(child, 'close') as Promise<[number | null, string | null]> };
  };
  for (; killed < kills; killed++) {
    await giveUpLeases();
    // Dies at a random count, so that no child completes all the work, even on a fast machine.
    const nth = 1 + Math.floor(random() * (walletCount / kills / 2));
    const { ended } = live(nth, killed % 2 === 0 ? 'sent' : 'answered');
    const seen = () => 'it lives';
    expect(await within(ended, { what: `life ${killed} to end at its freeze ${nth}`, seen })).toEqual([null, 'SIGKILL']);
    const done = new Set(await frozen());
    unmarked += (await pending()).filter((wallet) => done.has(wallet)).length;
  }
  await giveUpLeases();
  const { child, ended } = live(0, '');
  let left = walletCount;
  const isDone = async () => (left = (await pending()).length) === 0;
  await until(isDone, { what: 'the last life to do what is left', seen: () => `${left} wallets are pending` });
  child.kill('SIGKILL');
  await ended;
  console.log(`${killed} kills; ${unmarked} wallets were frozen when their action still said that they were not`);
  // Kills that interrupt nothing prove nothing.
  expect(unmarked).toBeGreaterThan(0);
  expect((await frozen()).toSorted()).toEqual(wallets.toSorted());
});
