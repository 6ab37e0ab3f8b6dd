// A projection that is new on a long log does not keep the others waiting.
import { expect, test, vi } from 'vitest';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { projectionStatus, Projector } from '../../packages/coffer/src/projections/index.ts';
import type { Projection } from '../../packages/coffer/src/projections/index.ts';
import { deliveriesOf, startLog, witness, witnessed } from '../support/projections.ts';

test('a projection far behind catches up from the log, while the others get their events', async () => {
  const log = await startLog(13, 1);
  const { pool, ledger } = log;
  await log.post(300);
  const options = { pool, ledger, log: silentLog(), farBehindEntries: 50, lookMs: 50 };
  const old = witness('old');
  let projector = await Projector.start({ ...options, projections: [old] });
  await projector.handle(await deliveriesOf(ledger));
  await projector.stop();

  const { promise: opened, resolve: open } = Promise.withResolvers<undefined>();
  const plain = witness('new');
  const slow: Projection = {
    ...plain,
    apply: async (...given) => {
      await opened;
      await plain.apply(...given);
    },
  };
  projector = await Projector.start({ ...options, projections: [old, slow] });
  const known = (await deliveriesOf(ledger)).length;
  await log.post(20);
  const deliveries = await deliveriesOf(ledger);
  const outcomes = await projector.handle(deliveries.slice(known));
  expect(new Set(outcomes)).toEqual(new Set(['done']));
  const ids = deliveries.map(({ event }) => event.id);
  expect([await witnessed(pool, 'old', 1), await witnessed(pool, 'new', 1)]).toEqual([ids, []]);

  open(undefined);
  const behind = async () => (await projectionStatus(pool, ledger)).map(({ books }) => books[0]?.behindEntries);
  await vi.waitFor(async () => expect(await behind()).toEqual([0, 0]), { timeout: 60_000 });
  expect(await witnessed(pool, 'new', 1)).toEqual(ids);
  await projector.stop();
  await log.stop();
}, 120_000);
