// Effective dates: who may set them, and their bounds: the wallet's opening, the closing date, and the database's clock.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../packages/coffer/src/kernel/index.ts';
import { person, service } from '../access/world.ts';
import type { Person } from '../access/world.ts';
import { startBoth } from '../grpc/both.ts';
import type { Both } from '../grpc/both.ts';

let both: Both;
let user: Person;
let other: Person;
let staff: string;
beforeAll(async () => {
  both = await startBoth({ mode: 'required' });
  user = await person(both.platform, 'jane', 'user');
  other = await person(both.platform, 'john', 'user');
  staff = (await person(both.platform, 'olga', 'operator')).authorization;
  await both.rest('POST', `/wallet/${walletOf(user)}/deposit`, { amount: 1_000 }, staff);
});
afterAll(async () => {
  await both.stop();
});

const walletOf = ({ user: { id } }: Person) => `${id}.USD`;
const soon = () => new Date(Date.now() + 30_000).toISOString();

async function openedAt(wallet: string): Promise<string> {
  return String((await both.rest('GET', `/wallet/${wallet}`, undefined, staff)).body['createdAt']);
}

describe('are set', () => {
  test('not by users: they would change the past of others', async () => {
    const effectiveAt = await openedAt(walletOf(user));
    for (const [what, more] of [
      ['transfer', { toWalletId: walletOf(other) }],
      ['withdraw', {}],
      ['withdraw', { async: true }],
    ] as const) {
      const answer = await both.rest('POST', `/wallet/${walletOf(user)}/${what}`, { amount: 1, effectiveAt, ...more }, user.authorization);
      expect(answer).toMatchObject({ status: 403, body: { detail: 'Users cannot set "effectiveAt". Omit it.' } });
    }
    const spent = await both.rest('POST', '/wallet/spend', { amount: 1, asset_type_id: 3, effectiveAt }, user.authorization);
    expect(spent.status).toBe(403);
  });

  test('by staff, and by API keys with money:backdate: over REST, in a batch and over gRPC', async () => {
    const wallet = walletOf(user);
    const effectiveAt = await openedAt(wallet);
    const body = { amount: 1, effectiveAt };
    const [without, having] = [
      await service(both.platform, ['money:deposit', 'batches:write']),
      await service(both.platform, ['money:deposit', 'batches:write', 'money:backdate']),
    ];
    const each = async (authorization: string) => [
      (await both.rest('POST', `/wallet/${wallet}/deposit`, body, authorization)).status,
      (await both.rest('POST', '/operations/batch', { operations: [{ type: 'deposit', walletId: wallet, ...body }] }, authorization))
        .status,
      (
        await both.call(
          'Post',
          { operations: [{ deposit: { wallet_id: wallet, amount: 1, money: { effective_at: effectiveAt } } }] },
          authorization,
        )
      ).status,
    ];
    expect(await each(without)).toEqual([403, 403, 7]);
    expect(await each(having)).toEqual([201, 200, 0]);
    expect((await both.rest('POST', `/wallet/${wallet}/deposit`, body, staff)).status).toBe(201);
  });
});

describe('are refused', () => {
  test('in the future, beyond a minute', async () => {
    const path = `/wallet/${walletOf(user)}/deposit`;
    for (const effectiveAt of ['9998-01-01T00:00:00Z', new Date(Date.now() + 120_000).toISOString()])
      expect(await both.rest('POST', path, { amount: 1, effectiveAt }, staff)).toMatchObject({
        status: 422,
        body: { code: 'effective_in_future' },
      });
    expect((await both.rest('POST', path, { amount: 1, effectiveAt: soon() }, staff)).status).toBe(201);
  });

  test("before a wallet was opened: its own, the recipient's, and one that the operation or its batch opens", async () => {
    const opened = await openedAt(walletOf(user));
    const early = { status: 422, body: { code: 'effective_before_opening' } };
    const effectiveAt = new Date(Date.parse(opened) - 1).toISOString();
    expect(await both.rest('POST', `/wallet/${walletOf(user)}/deposit`, { amount: 1, effectiveAt }, staff)).toMatchObject(early);
    const late = `w-${newId()}`;
    expect(await both.rest('POST', `/wallet/${late}/deposit`, { amount: 1, effectiveAt: opened }, staff)).toMatchObject(early);
    const operations = [
      { type: 'deposit', walletId: late, amount: 1 },
      { type: 'withdraw', walletId: late, amount: 1, effectiveAt: opened },
    ];
    const { body } = await both.rest('POST', '/operations/batch', { operations }, staff);
    expect(body).toMatchObject({ results: [{ status: 'completed' }, { code: 'effective_before_opening' }] });
    const transfer = { toWalletId: late, amount: 1, effectiveAt: opened };
    for (const mode of ['atomic', 'saga'])
      expect(await both.rest('POST', `/wallet/${walletOf(user)}/transfer`, { ...transfer, mode }, staff)).toMatchObject(early);
  });
});

test('a reversal takes an effective date, within the same bounds', async () => {
  const wallet = `w-${newId()}`;
  const { body } = await both.rest('POST', `/wallet/${wallet}/deposit`, { amount: 10 }, staff);
  const path = `/operations/${String(body['operationId'])}/reverse`;
  const reversal = { amount: 3, reason: 'a mistake', effectiveAt: String(body['createdAt']) };
  expect(await both.rest('POST', path, { ...reversal, effectiveAt: '2020-01-01T00:00:00Z' }, staff)).toMatchObject({
    status: 422,
    body: { code: 'effective_before_opening' },
  });
  const done = await both.rest('POST', path, reversal, staff);
  expect(done).toMatchObject({ status: 201, body: { effectiveAt: body['createdAt'] } });
  const at = `/wallet/${wallet}/balance?by=effective&at=${String(body['createdAt'])}`;
  expect((await both.rest('GET', at, undefined, staff)).body).toMatchObject({ balance: '7' });
});

test('a closed period takes no operation, until it is opened again; what was recorded before is answered again', async () => {
  const wallet = `w-${newId()}`;
  const { body } = await both.rest('POST', `/wallet/${wallet}/deposit`, { amount: 10 }, staff);
  const effectiveAt = String(body['createdAt']);
  const before = { amount: 1, effectiveAt, requestId: 'before' };
  const post = async (asked: object) => await both.rest('POST', `/wallet/${wallet}/deposit`, asked, staff);
  expect((await post(before)).status).toBe(201);
  const close = async (date: string, authorization = staff) =>
    await both.rest('POST', '/closings', { before: date, reason: 'November' }, authorization);
  expect((await close(new Date(Date.now() + 60_000).toISOString())).body).toMatchObject({ code: 'closing_in_future' });
  expect((await close(effectiveAt, await service(both.platform, ['money:backdate']))).status).toBe(403);
  const date = new Date(Date.parse(effectiveAt) + 1).toISOString();
  expect(await close(date)).toMatchObject({ status: 201, body: { before: date, reason: 'November' } });
  expect(await post({ ...before, requestId: 'after' })).toMatchObject({
    status: 422,
    body: { code: 'period_closed', detail: expect.stringContaining(`The period before ${date} is closed`) as string },
  });
  const again = await post(before);
  expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
  expect((await post({ amount: 1, effectiveAt: soon() })).status).toBe(201);
  await close('2020-01-01T00:00:00Z');
  expect((await post({ ...before, requestId: 'after' })).status).toBe(201);
  const { body: list } = await both.rest('GET', '/closings', undefined, staff);
  expect((list['items'] as { before: string }[]).map((item) => item.before)).toEqual(['2020-01-01T00:00:00.000Z', date]);
});
