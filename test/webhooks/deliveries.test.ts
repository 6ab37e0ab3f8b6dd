// Deliveries: one per event and subscribed endpoint, retried until it arrives, despite slow or broken endpoints and killed processes.
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isUuid, newId } from '../../packages/coffer/src/kernel/index.ts';
import { bookOfWallet } from '../../packages/coffer/src/ledger/index.ts';
import { listenTo, startReceiver, startWorld } from './world.ts';
import type { Receiver, World } from './world.ts';

let world: World;
const receivers: Receiver[] = [];

beforeAll(async () => {
  world = await startWorld(2);
});
afterEach(async () => {
  await Promise.all(receivers.splice(0).map((receiver) => receiver.stop()));
  await world.pool.query('delete from webhooks.endpoint');
});
afterAll(() => world.stop());

async function receiver(...given: Parameters<typeof startReceiver>): Promise<Receiver> {
  const started = await startReceiver(...given);
  receivers.push(started);
  return started;
}

async function deliveriesOf(endpoint: string): Promise<{ message: string; status: string; attempts: number }[]> {
  const { rows } = await world.pool.query<{ message: string; status: string; attempts: number }>(
    'select message, status, attempts from webhooks.delivery where endpoint = $1 order by id',
    [endpoint],
  );
  return rows;
}
const messagesOf = async (endpoint: string) => (await deliveriesOf(endpoint)).map(({ message }) => message);
/** Skips the wait before the next try. */
const hurry = () => world.pool.query(`update webhooks.delivery set due_at = now() where status = 'pending'`);
const wallets = (count: number, name = newId()) => Array.from({ length: count }, (_, at) => `${name}-${at}`);

describe('the projection', () => {
  test('creates one delivery per event and subscribed endpoint, however often it sees the event', async () => {
    const owner = newId();
    const [first = '', second = ''] = wallets(2);
    const all = (await listenTo(world, 'http://127.0.0.1:1/')).endpoint.id;
    const deposits = (await listenTo(world, 'http://127.0.0.1:1/', { types: ['FundsDeposited', 'FundsWithdrawn'] })).endpoint.id;
    const ofWallet = (await listenTo(world, 'http://127.0.0.1:1/', { wallet: first })).endpoint.id;
    const ofOwner = (await listenTo(world, 'http://127.0.0.1:1/', { owner, types: ['FundsDeposited'] })).endpoint.id;
    const events = [...(await world.deposit([first, second])), ...(await world.deposit(['theirs-' + owner], owner))];
    expect(events).toHaveLength(6);
    await world.apply(events);
    await world.apply(events);
    const ids = (wanted: (event: (typeof events)[number]) => boolean) =>
      events
        .filter(wanted)
        .map(({ id }) => id)
        .toSorted();
    expect((await messagesOf(all)).toSorted()).toEqual(ids(() => true));
    expect((await messagesOf(deposits)).toSorted()).toEqual(ids(({ type }) => type === 'FundsDeposited'));
    expect((await messagesOf(ofWallet)).toSorted()).toEqual(ids(({ wallet }) => wallet === first));
    expect(await messagesOf(ofOwner)).toEqual(ids(({ wallet, type }) => wallet === `theirs-${owner}` && type === 'FundsDeposited'));
  });

  test('delivers only events after the creation of the endpoint, in every book, and none while it is disabled', async () => {
    const before = await world.deposit(wallets(10));
    const { endpoint } = await listenTo(world, 'http://127.0.0.1:1/');
    const after = await world.deposit(wallets(10));
    expect(new Set(after.map(({ book }) => book)).size).toBe(2);
    await world.apply([...before, ...after]);
    expect((await messagesOf(endpoint.id)).toSorted()).toEqual(after.map(({ id }) => id).toSorted());
    await world.webhooks.update(endpoint.id, { status: 'disabled' });
    await world.apply(await world.deposit(wallets(1)));
    expect(await messagesOf(endpoint.id)).toHaveLength(after.length);
  });

  test('reaches the owner of a wallet that somebody tried to pay before it was opened: an absence is not remembered', async () => {
    const owner = newId();
    const wallet = `late-${newId()}`;
    const ofOwner = (await listenTo(world, 'http://127.0.0.1:1/', { owner })).endpoint.id;
    const asked = { kind: 'transfer_credit', key: 'early', to: wallet, asset: 1, amount: 1n, transfer: '1-1', from: 'payer' } as const;
    const book = bookOfWallet(wallet, world.ledger.books.length);
    expect(await world.ledger.postEach([asked], book)).toMatchObject([{ refusal: { code: 'recipient_not_found' } }]);
    const early = await world.deposit([]);
    expect(early.map(({ type, wallet: of }) => [type, of])).toContainEqual(['TransferCreditFailed', wallet]);
    await world.apply(early);
    const opened = await world.deposit([wallet], owner);
    await world.apply(opened);
    expect(await messagesOf(ofOwner)).toEqual(opened.map(({ id }) => id));
  });

  test('leaves no trace when its transaction is rolled back, and runs one query when there are no endpoints', async () => {
    const events = await world.deposit(wallets(3));
    const asked: string[] = [];
    const client = await world.pool.connect();
    const counting = { query: (query: { text: string }) => (asked.push(query.text), client.query(query)) } as unknown as typeof client;
    await world.projection.apply(counting, events, 1);
    expect(asked).toHaveLength(1);
    const { endpoint } = await listenTo(world, 'http://127.0.0.1:1/');
    const later = await world.deposit(wallets(3));
    await client.query('begin');
    await world.projection.apply(client, later, 1);
    await client.query('rollback');
    client.release();
    expect(await messagesOf(endpoint.id)).toEqual([]);
  });
});

describe('the dispatcher', () => {
  test('sends each event as a signed CloudEvent, and both secrets sign for a while after a rotation', async () => {
    const { url, messages } = await receiver();
    const { endpoint, secret } = await listenTo(world, url);
    const rotated = await world.webhooks.rotate(endpoint.id);
    const events = await world.deposit(wallets(1));
    await world.apply(events);
    const dispatcher = world.dispatcher();
    await expect.poll(() => messages.length).toBe(2);
    await dispatcher.stop();
    for (const { id, body, headers } of messages) {
      const event = events.find((known) => known.id === id);
      expect(headers['content-type']).toBe('application/cloudevents+json');
      for (const known of [secret, 'secret' in rotated ? rotated.secret : ''])
        expect(new Webhook(known).verify(body, headers)).toMatchObject({
          specversion: '1.0',
          id,
          type: `coffer.wallet.${event?.type}.v1`,
          subject: event?.wallet,
        });
    }
    expect((await deliveriesOf(endpoint.id)).map(({ status, attempts }) => [status, attempts])).toEqual([
      ['delivered', 1],
      ['delivered', 1],
    ]);
    // A day later the previous secret no longer signs.
    await world.pool.query(`update webhooks.endpoint set previous_expires_at = now()`);
    await world.webhooks.test(endpoint.id);
    const later = world.dispatcher();
    await expect.poll(() => messages.length).toBe(3);
    await later.stop();
    expect(messages[2]?.headers['webhook-signature']?.split(' ')).toHaveLength(1);
  });

  test('retries a failed delivery with the same id, records the answers, and gives up after ten tries until a replay', async () => {
    let status = 503;
    const { url, messages } = await receiver(() => status);
    const { endpoint } = await listenTo(world, url);
    await world.webhooks.test(endpoint.id);
    const dispatcher = world.dispatcher();
    for (let tries = 1; tries <= 10; tries++) {
      await expect
        .poll(async () => (await world.pool.query('select from webhooks.attempt')).rowCount, { interval: 20 })
        .toBeGreaterThanOrEqual(tries);
      await hurry();
      dispatcher.wake();
    }
    await expect.poll(async () => (await deliveriesOf(endpoint.id))[0]?.status).toBe('failed');
    expect(new Set(messages.map(({ id }) => id)).size).toBe(1);
    expect(messages).toHaveLength(10);
    const [delivery] = (await page(endpoint.id)).items;
    const read = await world.webhooks.delivery(endpoint.id, delivery?.id ?? 0);
    expect('attempts' in read && read.attempts.map(({ number, httpStatus, answer }) => [number, httpStatus, answer])).toEqual(
      Array.from({ length: 10 }, (_, at) => [at + 1, 503, 'not now']),
    );
    status = 200;
    expect(await world.webhooks.replaySince(endpoint.id, new Date(0), 'failed')).toBe(1);
    dispatcher.wake();
    await expect.poll(async () => (await deliveriesOf(endpoint.id))[0]).toMatchObject({ status: 'delivered', attempts: 11 });
    await dispatcher.stop();
  });

  test('waits according to the schedule, and records why there was no answer', async () => {
    const { endpoint } = await listenTo(world, 'http://127.0.0.1:1/');
    await world.webhooks.test(endpoint.id);
    const dispatcher = world.dispatcher();
    const due = `select extract(epoch from d.due_at - a.ended_at)::float8 as seconds, a.why from webhooks.delivery d join webhooks.attempt a on a.delivery = d.id`;
    await expect.poll(async () => (await world.pool.query(due)).rowCount).toBe(1);
    await dispatcher.stop();
    const { rows } = await world.pool.query<{ seconds: number; why: string }>(due);
    expect(rows[0]?.seconds).toBeGreaterThan(4);
    // The next wait is minutes long; a busy machine takes a while to record the end of a call.
    expect(rows[0]?.seconds).toBeLessThan(60);
    expect(rows[0]?.why).toBe('nothing listens there');
    const marked = await world.pool.query<{ is_slow: boolean; failing: boolean }>(
      'select is_slow, failing_since is not null as failing from webhooks.endpoint',
    );
    expect(marked.rows).toEqual([{ is_slow: true, failing: true }]);
  });

  test('disables an endpoint that answers 410, and one that has only failed for days', async () => {
    const gone = await receiver(() => 410);
    const broken = await receiver(() => 500);
    const ended = (await listenTo(world, gone.url)).endpoint.id;
    const failing = (await listenTo(world, broken.url)).endpoint.id;
    await Promise.all([world.webhooks.test(ended), world.webhooks.test(failing)]);
    await world.pool.query(`update webhooks.endpoint set failing_since = now() - interval '5 days 1 minute' where id = $1`, [failing]);
    const dispatcher = world.dispatcher();
    const status = async (id: string) => {
      const found = await world.webhooks.find(id);
      return 'status' in found ? `${found.status}: ${found.disabledWhy ?? ''}` : '';
    };
    await expect.poll(() => status(ended)).toBe('disabled: it answered 410 Gone');
    await expect.poll(() => status(failing)).toMatch(/^disabled: nothing but failures since \d{4}-/);
    // Pending deliveries are sent after it is enabled again, with its failures reset.
    await hurry();
    expect((await deliveriesOf(failing))[0]).toMatchObject({ status: 'pending', attempts: 1 });
    await world.webhooks.update(failing, { status: 'enabled' });
    dispatcher.wake();
    await expect.poll(() => broken.messages.length).toBe(2);
    expect(await status(failing)).toBe('enabled: ');
    await dispatcher.stop();
  });

  test('isolates endpoints that hang, and limits concurrent calls per endpoint', async () => {
    let [underWay, most] = [0, 0];
    const held: (() => void)[] = [];
    const hanging = await receiver(async () => {
      most = Math.max(most, ++underWay);
      await new Promise<void>((resolve) => held.push(resolve));
      underWay--;
      return 200;
    });
    const quick = await receiver();
    await listenTo(world, hanging.url, { types: ['FundsDeposited'] });
    await listenTo(world, quick.url, { types: ['FundsDeposited'] });
    await world.apply(await world.deposit(wallets(200)));
    const dispatcher = world.dispatcher({ timeoutMs: 100_000 });
    await expect.poll(() => quick.messages.length).toBe(200);
    expect([hanging.messages.length, most]).toEqual([4, 4]);
    const letGo = setInterval(() => held.splice(0).forEach((release) => release()), 5);
    await dispatcher.stop();
    clearInterval(letGo);
  });

  test('in several processes sends each delivery once, and takes over the claims of a dead process when its lease expires', async () => {
    const { url, messages } = await receiver();
    const { endpoint } = await listenTo(world, url, { types: ['FundsDeposited'] });
    await world.apply(await world.deposit(wallets(300)));
    await world.pool.query(
      `update webhooks.delivery set attempts = 1, tries = 1, due_at = now() + interval '700 milliseconds' where id in (select id from webhooks.delivery order by id limit 3)`,
    );
    const dispatchers = [world.dispatcher(), world.dispatcher(), world.dispatcher()];
    await expect.poll(() => messages.length).toBe(300);
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.stop()));
    expect(new Set(messages.map(({ id }) => id)).size).toBe(300);
    expect((await deliveriesOf(endpoint.id)).filter(({ status }) => status === 'delivered')).toHaveLength(300);
  });

  test('deletes deliveries finished a month ago, and never pending ones', async () => {
    const { endpoint } = await listenTo(world, 'http://127.0.0.1:1/', { types: ['FundsDeposited'] });
    await world.apply(await world.deposit(wallets(5)));
    await world.pool.query(`update webhooks.delivery set created_at = now() - interval '40 days'`);
    await world.pool.query(`update webhooks.delivery set status = 'delivered', finished_at = now() - interval '31 days'
      where id in (select id from webhooks.delivery order by id limit 2)`);
    await world.pool.query(`update webhooks.delivery set status = 'failed', finished_at = now() - interval '29 days'
      where id in (select id from webhooks.delivery where status = 'pending' order by id limit 1)`);
    await world.pool.query(`update webhooks.delivery set due_at = now() + interval '1 day' where status = 'pending'`);
    const dispatcher = world.dispatcher();
    expect(await dispatcher.forgetOld()).toBe(2);
    await world.webhooks.update(endpoint.id, { status: 'disabled' });
    expect(await dispatcher.forgetOld()).toBe(2);
    await dispatcher.stop();
    expect((await deliveriesOf(endpoint.id)).map(({ status }) => status)).toEqual(['failed']);
  });
});

test('a private address is refused on input, and a deleted webhook is not found', async () => {
  const { Webhooks } = await import('../../packages/coffer/src/webhooks/index.ts');
  const guarded = new Webhooks({ pool: world.pool, ledger: world.ledger, allowPrivate: false });
  const asked = { description: '', types: ['*'], wallet: null, owner: null, createdBy: 'test' };
  expect(await guarded.create({ ...asked, url: 'https://10.0.0.1/' })).toEqual({
    refusal: 'webhook_url_refused',
    why: 'it resolves to 10.0.0.1, which is not a public address',
  });
  const made = await guarded.create({ ...asked, url: 'https://93.184.215.14/' });
  const id = 'endpoint' in made ? made.endpoint.id : '';
  expect(isUuid(id)).toBe(true);
  expect(await guarded.update(id, { url: 'http://93.184.215.14/' })).toMatchObject({ refusal: 'webhook_url_refused' });
  expect(await guarded.remove(id)).toMatchObject({ id });
  const nothing = { refusal: 'webhook_not_found' };
  for (const unknown of [id, 'nonsense'])
    expect([
      await guarded.find(unknown),
      await guarded.remove(unknown),
      await guarded.rotate(unknown),
      await guarded.test(unknown),
    ]).toEqual(Array.from({ length: 4 }, () => nothing));
});

async function page(endpoint: string) {
  const read = await world.webhooks.deliveries(endpoint, { limit: 10 });
  if ('refusal' in read) throw new Error(read.refusal);
  return read;
}
