// A dry run over several books, each with more than one page of events.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dryRun } from '../../packages/coffer/src/insights/index.ts';
import type { DryRun } from '../../packages/coffer/src/insights/index.ts';
import { startLog } from '../support/projections.ts';
import type { FollowedLog } from '../support/projections.ts';
import { seedOf } from '../support/seed.ts';

let log: FollowedLog;
beforeAll(async () => {
  log = await startLog(seedOf('dry run'));
  // Spread over several moments.
  for (let nth = 0; nth < 60; nth++) await log.post(100);
});
afterAll(async () => {
  await log.stop();
});

async function tried(limits: {
  eventsMax?: number;
  until?: Date;
  isOver?: () => boolean;
  onProgress?: (done: { share: number }) => void;
}): Promise<DryRun> {
  const rule = { kind: 'amount', definition: { threshold: '1', movements: ['withdrawal', 'transfer', 'spend'], assets: 'all' } };
  const found = await dryRun(log.ledger, { rule, present: null, listedMax: 100_000, ...limits });
  if ('refusal' in found) throw new Error(found.detail);
  return found;
}

test('a dry run that stops early has read every book up to the moment that it reports', async () => {
  const part = await tried({ eventsMax: 2_001 });
  expect(part.complete).toBe(false);
  const until = part.readUntil ?? undefined;
  expect(until).toBeInstanceOf(Date);
  // Events recorded at exactly that moment belong to the next run.
  const upTo = (await tried({ ...(until && { until: new Date(until.getTime() - 1) }) })).onlyNew.map(({ id }) => id);
  const found = new Set(part.onlyNew.map(({ id }) => id));
  expect(upTo.length).toBeGreaterThan(20);
  expect(upTo.filter((id) => !found.has(id))).toEqual([]);
  expect(new Set(upTo.map((id) => id.split('-')[0]))).toEqual(new Set(['1', '2']));
});

test('a dry run reports monotonic progress, and a cancelled one ends between two pages', async () => {
  const shares: number[] = [];
  const whole = await tried({ onProgress: ({ share }) => shares.push(share) });
  expect([whole.complete, shares.length > 4, shares.at(-1)]).toEqual([true, true, 1]);
  expect(shares).toEqual(shares.toSorted((one, other) => one - other));
  let pages = 0;
  const over = await tried({ onProgress: () => pages++, isOver: () => pages === 3 });
  expect(over).toMatchObject({ complete: false, events: 6_000 });
  expect(over.found).toBeLessThan(whole.found);
});
