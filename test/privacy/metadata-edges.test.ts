// Where encrypted metadata could still leak or mislead: echoes of receivers, outages after the posting, approvals filed in the other mode.
import { afterEach, expect, test } from 'vitest';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import type { MetadataVault } from '../../packages/coffer/src/metadata/index.ts';
import { Dispatcher, webhookProjection, Webhooks } from '../../packages/coffer/src/webhooks/index.ts';
import { peopleOf } from '../access/world.ts';
import { startProduct } from '../http/product.ts';
import { listenTo, startReceiver } from '../webhooks/world.ts';
import { rowsWith, vaultOn } from './world.ts';

const mark = 'Unmistakable-Note-of-Alice';
const metadata = { note: mark };

const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const part of running.splice(0).toReversed()) await part.stop();
});
function ending<T extends { stop(): unknown }>(part: T): T {
  running.push(part);
  return part;
}

test('the answer of a webhook’s receiver is not stored when it may repeat decrypted metadata, and is otherwise', async () => {
  const coffer = ending(await startProduct({}, { metadata: (pool) => vaultOn(pool) }));
  const { pool, ledger, metadata: vault } = coffer;
  const receiver = ending(
    await startReceiver(
      () => 200,
      ({ body }) => `thanks for ${body}`,
    ),
  );
  const webhooks = new Webhooks({ pool, ledger, allowPrivate: true, metadata: vault });
  await listenTo({ webhooks }, receiver.url);
  await coffer.call('POST', '/wallet/w1/deposit', { amount: 5, metadata });
  await coffer.call('POST', '/wallet/w1/deposit', { amount: 5, metadata: {} });
  const { events } = await ledger.read.events(undefined, 500);
  const projection = webhookProjection({ ownerOf: async (wallet) => (await ledger.read.balance(wallet))?.owner });
  const client = await pool.connect();
  await projection.apply(client, events, 1);
  client.release();
  ending(new Dispatcher({ pool, log: silentLog(), allowPrivate: true, metadata: vault }));
  await expect.poll(async () => (await pool.query(`select from webhooks.delivery where status <> 'delivered'`)).rowCount).toBe(0);
  expect(receiver.messages.some(({ body }) => body.includes(mark))).toBe(true);
  expect(await rowsWith(pool, mark)).toEqual([]);
  const { rows } = await pool.query<{ answer: string }>('select answer from webhooks.attempt order by delivery');
  expect(rows.filter(({ answer }) => answer.startsWith('thanks for')).length).toBeGreaterThan(0);
  expect(rows.filter(({ answer }) => answer.startsWith('(not stored')).length).toBeGreaterThan(0);
});

test('an outage while the answer is decrypted says that the outcome is unknown, and a retry gets it', async () => {
  let isOut = false;
  const outage = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const coffer = ending(
    await startProduct(
      {},
      {
        metadata: (pool): MetadataVault => {
          const vault = vaultOn(pool);
          return {
            sealed: async (...given) => await vault.sealed(...given),
            opened: async (texts) => (isOut ? await Promise.reject(outage) : await vault.opened(texts)),
          };
        },
      },
    ),
  );
  await coffer.call('POST', '/wallet/w1/deposit', { amount: 100 });
  for (const [path, more] of [
    ['/wallet/w1/deposit', {}],
    ['/wallet/w1/withdraw', { async: true }],
  ] as const) {
    const body = { amount: 5, metadata, requestId: path, ...more };
    isOut = true;
    expect((await coffer.call('POST', path, body)).body).toMatchObject({ code: 'outcome_unknown' });
    isOut = false;
    const again = await coffer.call('POST', path, body);
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual(['async' in more ? 202 : 201, 'true']);
  }
});

test('what waits for a second person is recognised, in whichever mode it was filed', async () => {
  let isOn = false;
  const coffer = ending(
    await startProduct(
      {},
      {
        mode: 'required',
        metadata: (pool): MetadataVault => {
          const [on, off] = [vaultOn(pool), vaultOn(pool, { encrypts: false })];
          return {
            sealed: async (...given) => await (isOn ? on : off).sealed(...given),
            opened: async (texts) => await on.opened(texts),
          };
        },
      },
    ),
  );
  const people = await peopleOf(coffer.product);
  for (const operation of ['deposit', 'withdraw'] as const) {
    const policy = { id: operation, operation, asset: null, above: null, makers: ['treasury'], wallets: 'any' } as const;
    await coffer.product.approvals.changeNow({ id: operation, policy, reason: 'a test' }, 'cli');
  }
  const { authorization } = people.treasury;
  const approver = { authorization: people.admin.authorization };
  for (const [at, later] of [false, true].flatMap((filedOn) => [false, true].map((async) => [filedOn, async] as const))) {
    isOn = at;
    const path = `/wallet/${people.user.user.id}.USD/${later ? 'withdraw' : 'deposit'}`;
    const body = { amount: 5, metadata, requestId: `waits ${at} ${later}`, ...(later && { async: true }) };
    const held = await coffer.call('POST', path, body, { authorization });
    expect(held.body).toMatchObject({ code: 'approval_required' });
    isOn = !at;
    const again = await coffer.call('POST', path, body, { authorization });
    expect([again.status, again.body['approvalId']]).toEqual([held.status, held.body['approvalId']]);
    expect((await coffer.call('POST', path, { ...body, metadata: { note: 'other' } }, { authorization })).body).toMatchObject({
      code: 'idempotency_key_reused',
    });
    expect((await coffer.call('POST', path, { ...body, amount: 6 }, { authorization })).body).toMatchObject({
      code: 'idempotency_key_reused',
    });
    await coffer.call('POST', `/approvals/${String(held.body['approvalId'])}/approve`, {}, approver);
    if (later) continue;
    for (isOn of [!at, at]) {
      const done = await coffer.call('POST', path, body, { authorization });
      expect([done.status, done.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    }
  }
});
