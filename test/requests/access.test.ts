// Access to requests in required mode; test/access/matrix.test.ts covers every operation for every role.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { person, service } from '../access/world.ts';
import type { Person } from '../access/world.ts';
import { startWorking } from './working.ts';
import type { Working } from './working.ts';

let coffer: Working;
let jane: Person;
let john: Person;
let operator: Person;
beforeAll(async () => {
  coffer = await startWorking({}, { mode: 'required' });
  coffer.work({ payout: { kind: 'approval', timeoutSeconds: 60 } });
  jane = await person(coffer.product, 'jane', 'user');
  john = await person(coffer.product, 'john', 'user');
  operator = await person(coffer.product, 'operator', 'operator');
  for (const { user } of [jane, john]) await coffer.call('POST', `/wallet/${user.id}.USD/deposit`, { amount: 1000 }, by(operator));
});
afterAll(async () => {
  await coffer.stop();
});

const by = ({ authorization }: Person) => ({ authorization });
const walletOf = ({ user }: Person) => `${user.id}.USD`;

async function waiting(who: Person): Promise<string> {
  const { id } = await coffer.later(`/wallet/${walletOf(who)}/withdraw`, { amount: 10 }, by(who));
  const status = async () => (await coffer.call('GET', `/requests/${String(id)}`, undefined, by(operator))).body['status'];
  await expect.poll(status).toBe('awaiting_approval');
  return String(id);
}

test('a user can request only for their own wallets; another’s looks like a missing one, and no row is written', async () => {
  const body = { amount: 10, async: true, requestId: 'k' };
  const [foreign, nowhere] = [
    await coffer.call('POST', `/wallet/${walletOf(john)}/withdraw`, body, by(jane)),
    await coffer.call('POST', `/wallet/nowhere/withdraw`, body, by(jane)),
  ];
  expect([foreign.status, foreign.text.replaceAll(walletOf(john), 'nowhere')]).toEqual([404, nowhere.text]);
  expect((await coffer.pool.query(`select from requests.request where wallet = $1`, [walletOf(john)])).rowCount).toBe(0);
});

test('a user sees only their own requests, without the fields for operators', async () => {
  const [own, foreign] = [await waiting(jane), await waiting(john)];
  const seen = await coffer.call('GET', `/requests/${own}`, undefined, by(jane));
  expect(seen).toMatchObject({ status: 200, body: { id: own, status: 'awaiting_approval' } });
  expect(seen.text).not.toMatch(/waitsFor|actor|detail/);
  expect((await coffer.call('GET', `/requests/${own}`, undefined, by(operator))).body).toHaveProperty('waitsFor');
  expect((await coffer.call('GET', `/requests/${foreign}`, undefined, by(jane))).status).toBe(404);
  expect((await coffer.call('GET', `/requests/${foreign}?wait=5`, undefined, by(jane))).status).toBe(404);
  const listed = await coffer.call('GET', '/requests', undefined, by(jane));
  expect((listed.body['items'] as { walletId: string }[]).every(({ walletId }) => walletId === walletOf(jane))).toBe(true);
});

test('only operators and services with the scope decide; the log records who decided', async () => {
  const id = await waiting(jane);
  const deciding = { authorization: await service(coffer.product, ['requests:decide']) };
  const reading = { authorization: await service(coffer.product, ['wallets:read', 'money:withdraw', 'holds:write']) };
  const approve = async (headers: Record<string, string>) =>
    (await coffer.call('POST', `/requests/${id}/approve`, { reason: 'checked' }, headers)).status;
  expect([await approve({}), await approve(by(jane)), await approve(reading)]).toEqual([401, 403, 403]);
  expect((await coffer.call('POST', `/requests/${id}/approve`, {}, deciding)).status).toBe(400);
  expect([await approve(deciding), await approve(by(operator))]).toEqual([200, 409]);
  const { body } = await coffer.call('GET', `/requests/${id}?wait=30`, undefined, by(operator));
  const actors = (body['log'] as { step: string; actor: string | null }[])
    .filter(({ step }) => step === 'approve')
    .map(({ actor }) => actor);
  expect([body['status'], actors]).toEqual(['completed', [expect.stringMatching(/^key:/)]]);
});
