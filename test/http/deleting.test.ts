import { expect, test } from 'vitest';
import { assert } from '../../packages/coffer/src/kernel/index.ts';
import { useCoffer } from './fixture.ts';
import { alice } from './product.ts';

const { coffer } = useCoffer();
const password = 'correct horse battery staple';
let users = 0;

/** A user with a wallet in USD and one in GOLD. */
async function signedUp() {
  const email = `user-${++users}@example.com`;
  const { body } = await coffer.call('POST', '/users/signup', { email, name: 'A User', password });
  const login = await coffer.call('POST', '/users/login', { email, password });
  const headers = { authorization: `Bearer ${String(login.body['token'])}` };
  await coffer.call('POST', '/wallet', { asset: 'GOLD' }, headers);
  const id = String(body['id']);
  return {
    id,
    headers,
    dollars: `${id}.USD`,
    gold: `${id}.GOLD`,
    remove: (query = '') => coffer.call('DELETE', `/users/me${query}`, undefined, headers),
  };
}

test('an answer with a token is not stored by caches', async () => {
  const user = await signedUp();
  const { email } = (await coffer.call('GET', '/users/me', undefined, user.headers)).body;
  const login = await coffer.call('POST', '/users/login', { email, password });
  expect([login.status, login.headers.get('cache-control')]).toEqual([200, 'no-store']);
  const demo = await coffer.call('POST', '/auth/login', { user_id: alice });
  expect([demo.status, demo.headers.get('cache-control')]).toEqual([200, 'no-store']);
});

const wallet = async (id: string) => (await coffer.call('GET', `/wallet/${id}`)).body;

test("deleting a user closes all the user's wallets, so they can no longer be paid", async () => {
  const user = await signedUp();
  expect((await user.remove()).status).toBe(200);
  for (const id of [user.dollars, user.gold]) {
    expect(await wallet(id)).toMatchObject({ status: 'closed', balance: '0' });
    expect(await coffer.call('POST', `/wallet/${id}/deposit`, { amount: 1 })).toMatchObject({
      status: 422,
      body: { code: 'wallet_closed' },
    });
  }
  expect((await coffer.call('GET', `/wallet/${user.gold}/history`)).body['items']).toMatchObject([
    { type: 'close', reason: 'the user was deleted', direction: 'none' },
  ]);
  expect((await coffer.call('GET', '/users/me', undefined, user.headers)).status).toBe(401);
});

test('a deletion is refused while a wallet has a balance: no wallet is closed, and the user still exists', async () => {
  const user = await signedUp();
  await coffer.call('POST', `/wallet/${user.gold}/deposit`, { amount: 5 });
  const refused = await user.remove();
  expect(refused).toMatchObject({ status: 422, body: { code: 'wallet_not_empty', wallet: user.gold, balance: '5' } });
  expect(await wallet(user.dollars)).toMatchObject({ status: 'active' });
  expect((await coffer.call('GET', '/users/me', undefined, user.headers)).status).toBe(200);
  await coffer.call('POST', `/wallet/${user.gold}/withdraw`, { amount: 5 });
  expect((await user.remove()).status).toBe(200);
});

test('a deletion that names a wallet for all balances succeeds', async () => {
  const user = await signedUp();
  await coffer.call('POST', `/wallet/${user.gold}/deposit`, { amount: 5 });
  await coffer.call('POST', `/wallet/${user.dollars}/deposit`, { amount: 7 });
  expect((await user.remove('?sweepTo=nowhere')).status).toBe(400);
  expect((await user.remove('?sweepTo=fees&sweepToWalletId=w1')).status).toBe(400);
  expect(await user.remove('?sweepToWalletId=w1')).toMatchObject({ status: 422, body: { code: 'asset_mismatch' } });
  expect(await user.remove('?sweepToWalletId=nobody')).toMatchObject({ status: 404, body: { code: 'recipient_not_found' } });
  expect(await wallet(user.dollars)).toMatchObject({ status: 'active', balance: '7' });
  expect((await user.remove('?sweepTo=treasury')).status).toBe(200);
  expect(await wallet(user.gold)).toMatchObject({ status: 'closed', balance: '0' });
});

test('an open hold or a debt blocks the deletion, even with a sweep', async () => {
  const user = await signedUp();
  await coffer.call('POST', `/wallet/${user.gold}/deposit`, { amount: 5 });
  const hold = await coffer.call('POST', `/wallet/${user.gold}/holds`, { amount: 2 });
  expect(await user.remove('?sweepTo=treasury')).toMatchObject({ status: 422, body: { code: 'wallet_not_empty', held: '2' } });
  await coffer.call('POST', `/holds/${String(hold.body['holdId'])}/release`, {});
  await coffer.call('PUT', `/wallet/${user.dollars}/credit-line`, { creditLimit: 10, reason: 'trusted' });
  await coffer.call('POST', `/wallet/${user.dollars}/withdraw`, { amount: 10 });
  expect(await user.remove('?sweepTo=treasury')).toMatchObject({ status: 422, body: { code: 'wallet_not_empty', balance: '-10' } });
  await coffer.call('POST', `/wallet/${user.dollars}/deposit`, { amount: 10 });
  expect((await user.remove('?sweepTo=treasury')).status).toBe(200);
});

test('deletion does not bypass a freeze or a limit', async () => {
  const user = await signedUp();
  await coffer.call('POST', `/wallet/${user.gold}/deposit`, { amount: 50 });
  await coffer.call('POST', `/wallet/${user.gold}/freeze`, { sides: 'debits', reason: 'looked into' });
  expect(await user.remove('?sweepTo=treasury')).toMatchObject({ status: 422, body: { code: 'wallet_frozen', side: 'debits' } });
  await coffer.call('POST', `/wallet/${user.gold}/unfreeze`, { reason: 'found nothing' });
  await coffer.call('PUT', `/wallet/${user.gold}/limits`, { perDay: '40', reason: 'new customer' });
  expect(await user.remove('?sweepTo=treasury')).toMatchObject({ status: 422, body: { code: 'limit_exceeded', limit: 'perDay' } });
  await coffer.call('PUT', `/wallet/${user.gold}/limits`, { perDay: '50', reason: 'known customer' });
  expect((await user.remove('?sweepTo=treasury')).status).toBe(200);
});

test('a retry finishes a deletion that was interrupted after closing the wallets', async () => {
  const user = await signedUp();
  const closed = await coffer.product.commands.closeAllOf({ owner: user.id, reason: 'the user was deleted', actor: 'anonymous' });
  expect(closed).toBeNull();
  expect(await wallet(user.gold)).toMatchObject({ status: 'closed' });
  expect((await user.remove()).status).toBe(200);
  expect((await user.remove()).status).toBe(401);
});

test('two concurrent deletions do not block each other', async () => {
  for (let trial = 0; trial < 10; trial++) {
    const user = await signedUp();
    const close = () => coffer.product.commands.closeAllOf({ owner: user.id, reason: 'the user was deleted', actor: 'anonymous' });
    expect(await Promise.all([close(), close(), close()])).toEqual([null, null, null]);
    expect(await wallet(user.gold)).toMatchObject({ status: 'closed' });
  }
});

test('money that arrives during a deletion is either swept or refused, and never left in a wallet without an owner', async () => {
  for (let trial = 0; trial < 20; trial++) {
    const user = await signedUp();
    const deposits = Array.from({ length: 5 }, () => coffer.call('POST', `/wallet/${user.gold}/deposit`, { amount: 1 }));
    const [removed, ...paid] = await Promise.all([user.remove('?sweepTo=treasury'), ...deposits]);
    assert(removed, 'the deletion is answered');
    const after = await wallet(user.gold);
    const left = { status: 'active', balance: String(paid.filter(({ status }) => status === 201).length) };
    expect(after).toMatchObject(removed.status === 200 ? { status: 'closed', balance: '0' } : left);
    for (const { status } of paid) expect([201, 422]).toContain(status);
  }
});

test("another user's wallets are unaffected", async () => {
  const user = await signedUp();
  await user.remove();
  expect(await wallet(`${alice}.GOLD`)).toMatchObject({ status: 'active' });
});

test('a deletion with a sweep moves no money out of a wallet that an operator froze', async () => {
  const user = await signedUp();
  await coffer.call('POST', `/wallet/${user.gold}/deposit`, { amount: 5 });
  await coffer.call('POST', `/wallet/${user.gold}/freeze`, { sides: 'debits', reason: 'suspected of fraud' });
  expect(await user.remove('?sweepTo=cash_out')).toMatchObject({ status: 422, body: { code: 'wallet_frozen' } });
  expect(await wallet(user.gold)).toMatchObject({ status: 'frozen', balance: '5' });
});

test("a deletion with a sweep moves no more than the wallet's limits allow its owner", async () => {
  const user = await signedUp();
  await coffer.call('POST', `/wallet/${user.gold}/deposit`, { amount: 5 });
  await coffer.call('PUT', `/wallet/${user.gold}/limits`, { perDay: 1, reason: 'a new customer' });
  expect(await user.remove('?sweepTo=cash_out')).toMatchObject({ status: 422, body: { code: 'limit_exceeded' } });
  expect(await wallet(user.gold)).toMatchObject({ balance: '5' });
});

test('staff delete a user, with a reason; staff only by an admin, and never their own account', async () => {
  const [operator, another, user] = [await signedUp(), await signedUp(), await signedUp()];
  for (const { id } of [operator, another]) await coffer.product.users.setRole(id, 'operator', 'cli');
  coffer.product.access.forget();
  const remove = async (id: string, query = '') =>
    await coffer.call('DELETE', `/users/${id}?reason=left%20us${query}`, undefined, operator.headers);
  await coffer.call('POST', `/wallet/${user.gold}/deposit`, { amount: 5 });
  expect((await coffer.call('DELETE', `/users/${user.id}`, undefined, operator.headers)).status).toBe(400);
  expect((await remove(user.id)).body).toMatchObject({ code: 'wallet_not_empty' });
  expect((await remove(operator.id)).body).toMatchObject({ code: 'own_account' });
  expect((await remove(another.id)).body).toMatchObject({ code: 'staff_protected' });
  expect(await coffer.call('DELETE', `/users/${user.id}?reason=x`, undefined, user.headers)).toMatchObject({ status: 403 });
  expect(await remove(user.id, '&sweepTo=breakage')).toMatchObject({ status: 200, body: { id: user.id } });
  expect((await coffer.call('GET', '/users/me', undefined, user.headers)).status).toBe(401);
  const { rows } = await coffer.pool.query("select actor, reason from identity.user_change where kind = 'deleted' and user_id = $1", [
    user.id,
  ]);
  expect(rows).toEqual([{ actor: `operator:${operator.id}`, reason: 'left us' }]);
});

test('staff find a user by e-mail address, in any spelling', async () => {
  const [operator, user] = [await signedUp(), await signedUp()];
  await coffer.product.users.setRole(operator.id, 'operator', 'cli');
  coffer.product.access.forget();
  const { email } = (await coffer.call('GET', '/users/me', undefined, user.headers)).body;
  const find = async (address: string) =>
    (await coffer.call('GET', `/users?email=${encodeURIComponent(address)}`, undefined, operator.headers)).body;
  expect(await find(String(email).toUpperCase())).toMatchObject({ items: [{ id: user.id }], next: null });
  expect(await find('nobody@example.com')).toEqual({ items: [], next: null, previous: null });
});
