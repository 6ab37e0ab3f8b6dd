// Encrypted metadata: the database has none of it in the clear, its readers do, and the erasure of its owner makes it unreadable everywhere.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AuditTrail, verifyAudit } from '../../packages/coffer/src/audit/index.ts';
import { silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { verify } from '../../packages/coffer/src/ledger/index.ts';
import { callOut } from '../../packages/coffer/src/outbound/index.ts';
import { eraseUser } from '../../packages/coffer/src/privacy/index.ts';
import { Dispatcher, webhookProjection, Webhooks } from '../../packages/coffer/src/webhooks/index.ts';
import type { MetadataVault } from '../../packages/coffer/src/metadata/index.ts';
import { peopleOf } from '../access/world.ts';
import { startBoth, textOf } from '../grpc/both.ts';
import { alice, startProduct } from '../http/product.ts';
import type { Answer, TestProduct } from '../http/product.ts';
import { readLive } from '../live/reader.ts';
import { startPayer } from '../requests/payer.ts';
import { startWorking } from '../requests/working.ts';
import type { Working } from '../requests/working.ts';
import { walletIn } from '../support/sagas.ts';
import { listenTo, startReceiver } from '../webhooks/world.ts';
import { rowsWith, vaultOn } from './world.ts';

const mark = 'Unmistakable-Note-of-Alice';
const metadata = { note: mark, nested: [1, { deep: null }] };
const erased = { coffer: { erased: true } };

let switches: (isOn: boolean) => unknown = () => undefined;

const running: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const part of running.splice(0).toReversed()) await part.stop();
});
function ending<T extends { stop(): unknown }>(part: T): T {
  running.push(part);
  return part;
}

/** Everything personal about the user, some time after the deletion. */
async function erase({ pool }: Pick<TestProduct, 'pool'>, user: string): Promise<void> {
  await pool.query('update identity.users set deleted_at = clock_timestamp() where id = $1', [user]);
  expect(await eraseUser(pool, user)).toEqual({ erasedAt: expect.any(Date) as Date });
}

describe('of every kind of operation', () => {
  let coffer: Working;
  let audit: AuditTrail;
  let nowMs = 0;
  const own = `${alice}.USD`;
  const answers = new Map<string, Answer>();

  /** Posts with metadata; the answer is also what a retry gets. */
  async function post(name: string, path: string, body: object): Promise<Answer> {
    const answer = await coffer.call('POST', path, { ...body, requestId: name, metadata });
    answers.set(name, answer);
    return answer;
  }
  const read = async (path: string) => (await coffer.call('GET', path)).body;

  beforeAll(async () => {
    coffer = await startWorking(
      {},
      {
        books: 2,
        metadata: (pool) => vaultOn(pool, { nowMs: () => nowMs }),
        watch: (url, pool) => {
          audit = new AuditTrail({ url, reads: pool, keepDays: 90, log: silentLog() });
          return { observation: { audit, hidesMetadata: true } };
        },
      },
    );
  });
  afterAll(async () => {
    await audit.stop();
    await coffer.stop();
  });

  test('is readable through every answer and nowhere in the database, until its owner is erased', async () => {
    const { pool, ledger } = coffer;
    expect((await coffer.call('POST', '/wallet', { ownerId: alice })).status).toBe(201);
    const abroad = walletIn(ledger, ledger.read.book(1) && (await ledger.read.balance(own))?.book === 1 ? 2 : 1, 'abroad-');
    await coffer.call('POST', `/wallet/${abroad}/deposit`, { amount: 1 });
    const live = await readLive(`${coffer.url}/events/live`);
    ending({ stop: () => live.cut() });

    const deposit = await post('deposit', `/wallet/${own}/deposit`, { amount: 5_000 });
    await post('withdraw', `/wallet/${own}/withdraw`, { amount: 100 });
    await post('refused', `/wallet/${own}/withdraw`, { amount: 1_000_000 });
    const saga = await post('saga', `/wallet/${own}/transfer`, { amount: 10, toWalletId: abroad });
    const hold = await post('hold', `/wallet/${own}/holds`, { amount: 50 });
    const holdId = String(hold.body['holdId'] ?? hold.body['operationId']);
    await post('capture', `/holds/${holdId}/capture`, { amount: 20 });
    await post('release', `/holds/${holdId}/release`, {});
    await post('reverse', `/operations/${String(deposit.body['operationId'])}/reverse`, { amount: 1, reason: 'a test' });
    await post('freeze', `/wallet/${own}/freeze`, { reason: 'a test' });
    await post('unfreeze', `/wallet/${own}/unfreeze`, { reason: 'a test' });
    const batch = async (requestId: string, atomic: boolean) =>
      await coffer.call('POST', '/operations/batch', {
        operations: [{ type: 'deposit', walletId: own, amount: 7, metadata, requestId }],
        atomic,
      });
    for (const atomic of [false, true])
      expect([(await batch(`batch ${atomic}`, atomic)).status, (await batch(`batch ${atomic}`, atomic)).body]).toMatchObject([
        200,
        { completed: 1, refused: 0 },
      ]);
    const failed = [...answers].filter(([, { status }]) => status >= 300).map(([name]) => name);
    expect(failed).toEqual(['refused']);

    const payer = ending(await startPayer());
    ending(coffer.work({ payout: payer.payout, call: callOut }));
    const asked = { amount: 30, metadata, requestId: 'later' };
    const { id } = await coffer.later(`/wallet/${own}/withdraw`, asked);
    await coffer.until(id, 'completed');
    expect(payer.asked.map(({ payout }) => payout.metadata)).toEqual([metadata]);
    // The same request again, and its synchronous twin, are recognised by what the metadata says.
    expect((await coffer.call('POST', `/wallet/${own}/withdraw`, { ...asked, async: true })).headers.get('idempotency-replayed')).toBe(
      'true',
    );
    expect((await coffer.call('POST', `/wallet/${own}/withdraw`, asked)).body['detail']).toMatch('which you sent asynchronously');

    const paths = [
      `/operations/${String(deposit.body['operationId'])}`,
      `/operations/${String(answers.get('refused')?.body['operationId'])}`,
      `/transfers/${String(saga.body['operationId'])}`,
      `/holds/${holdId}`,
      `/wallet/${own}/holds`,
      `/wallet/${own}/history`,
      `/wallet/${abroad}/history`,
      `/requests/${String(id)}`,
      '/requests',
      '/events?limit=500',
    ];
    for (const path of paths) expect([path, JSON.stringify(await read(path))]).toEqual([path, expect.stringContaining(mark)]);
    const login = await coffer.login(alice);
    const exported = async () => (await coffer.call('GET', '/users/me/export', undefined, login)).text;
    expect(await exported()).toContain(mark);
    await expect.poll(() => live.raw()).toContain(mark);
    // Coffer's own note stays readable, also in the database, and is all that a reader of the database sees.
    const note = { purpose: 'withdrawal', request: id };
    const [held] = (
      await pool.query<{ metadata: object }>(`select metadata from ledger.entry where metadata #>> '{coffer,request}' = $1`, [id])
    ).rows;
    expect(held?.metadata).toEqual({ coffer: { ...note, encrypted: { v: 1, owner: alice, data: expect.any(String) as string } } });

    await expect.poll(() => audit.counts.waiting).toBe(0);
    expect(await rowsWith(pool, mark)).toEqual([]);
    // The search finds what is there.
    expect(await rowsWith(pool, 'a test')).not.toEqual([]);

    await erase(coffer, alice);
    nowMs += 31_000;
    for (const path of paths) expect([path, JSON.stringify(await read(path))]).toEqual([path, expect.not.stringContaining(mark)]);
    expect(await read(paths[0] ?? '')).toMatchObject({ metadata: erased });
    expect(await read(`/requests/${String(id)}`)).toMatchObject({ metadata: null });
    const done = await read(`/requests/${String(id)}`);
    expect(await read(`/operations/${String(done['holdId'])}`)).toMatchObject({ metadata: { coffer: { erased: true, ...note } } });

    const report = await verify(pool, {});
    expect(report.invariants.filter(({ ok }) => !ok)).toEqual([]);
    expect((await verifyAudit(pool, { heads: [], keptSince: new Date(0) })).violations).toEqual([]);
    // What the owner's key made unreadable no longer tells requests apart; all else about them still does.
    const deposits = `/wallet/${own}/deposit`;
    const again = await coffer.call('POST', deposits, { amount: 5_000, requestId: 'deposit', metadata });
    expect([again.status, again.text]).toEqual([201, deposit.text]);
    expect((await coffer.call('POST', deposits, { amount: 4_999, requestId: 'deposit', metadata })).status).toBe(409);
    // There is no other key for the owner: new metadata is not stored.
    expect((await coffer.call('POST', deposits, { amount: 1, requestId: 'after', metadata })).status).toBe(201);
    const { rows } = await pool.query(`select metadata from ledger.entry where key like '%after' and metadata is not null`);
    expect(rows).toEqual([{ metadata: erased }]);
  });
});

describe('of one owner', () => {
  let coffer: TestProduct;
  beforeAll(async () => {
    coffer = await startProduct({}, { metadata: (pool) => vaultOn(pool) });
  });
  afterAll(async () => {
    await coffer.stop();
  });

  test('a caller cannot forge it', async () => {
    const forged = { coffer: { encrypted: { v: 1, owner: alice, data: 'AAAA' } } };
    const answer = await coffer.call('POST', '/wallet/w1/deposit', { amount: 1, metadata: forged });
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('which is reserved')]);
    // The same names elsewhere are the caller's own.
    const own = { encrypted: forged.coffer.encrypted, erased: true, of: forged };
    const posted = await coffer.call('POST', '/wallet/w1/deposit', { amount: 1, metadata: own });
    expect((await coffer.call('GET', `/operations/${String(posted.body['operationId'])}`)).body).toMatchObject({ metadata: own });
  });

  test('equal notes of two operations differ in the log, and a wallet without an owner has the key of the ledger', async () => {
    for (const requestId of ['e1', 'e2']) await coffer.call('POST', '/wallet/w2/deposit', { amount: 1, requestId, metadata });
    const { rows } = await coffer.pool.query<{ owner: string; data: string }>(
      `select metadata #>> '{coffer,encrypted,owner}' as owner, metadata #>> '{coffer,encrypted,data}' as data
       from ledger.entry where key in ('e1', 'e2') or key like '%/e1' or key like '%/e2'`,
    );
    expect(rows.map(({ owner }) => owner)).toEqual(['$ledger', '$ledger']);
    expect(new Set(rows.map(({ data }) => data)).size).toBe(2);
  });
});

describe('when the setting changes', () => {
  test('everything stays readable, and a retry is recognised: alone, in a batch, all or none, and asynchronously', async () => {
    let current: MetadataVault | null = null;
    const coffer = ending(
      await startProduct(
        {},
        {
          metadata: (pool) => {
            const [on, off] = [vaultOn(pool), vaultOn(pool, { encrypts: false })];
            switches = (isOn) => (current = isOn ? on : off);
            return { sealed: async (...given) => await (current ?? off).sealed(...given), opened: async (texts) => await on.opened(texts) };
          },
        },
      ),
    );
    await coffer.call('POST', '/wallet/w1/deposit', { amount: 1_000 });
    const item = (requestId: string) => ({ type: 'deposit', walletId: 'w1', amount: 1, metadata, requestId });
    const forms = (at: string): [string, object][] => [
      ['/wallet/w1/deposit', { amount: 1, metadata, requestId: `alone-${at}` }],
      ['/operations/batch', { operations: [item(`one-${at}`), item(`two-${at}`)] }],
      ['/operations/batch', { operations: [item(`all-${at}`), item(`none-${at}`)], atomic: true }],
      ['/wallet/w1/withdraw', { amount: 1, metadata, requestId: `later-${at}`, async: true }],
    ];
    const replayed = JSON.stringify({ replayed: true }).slice(1, -1);
    for (const isOn of [false, true]) {
      switches(isOn);
      const before = await Promise.all(forms(String(isOn)).map(async (form) => await coffer.call('POST', ...form)));
      switches(!isOn);
      for (const [at, form] of forms(String(isOn)).entries()) {
        const again = await coffer.call('POST', ...form);
        expect([form[0], again.status, again.text.replaceAll('"replayed":false', replayed)]).toEqual([
          form[0],
          before[at]?.status,
          before[at]?.text.replaceAll('"replayed":false', replayed),
        ]);
        // Other metadata is another request.
        const other = await coffer.call('POST', form[0], JSON.parse(JSON.stringify(form[1]).replaceAll(mark, 'something else')) as object);
        expect([form[0], other.text]).toEqual([form[0], expect.stringContaining('idempotency_key_reused')]);
      }
    }
    const { rows } = await coffer.pool.query<{ sealed: boolean }>(
      `select metadata #>> '{coffer,encrypted,v}' is not null as sealed from ledger.entry where key like '%alone-%' order by seq`,
    );
    expect(rows).toEqual([{ sealed: false }, { sealed: true }]);
    expect((await coffer.call('GET', '/wallet/w1/history')).text.split(mark)).toHaveLength(11);
  });
});

describe('under approvals', () => {
  test('waits encrypted for the second person, who reads it', async () => {
    const coffer = ending(await startProduct({}, { mode: 'required', metadata: (pool) => vaultOn(pool) }));
    const people = await peopleOf(coffer.product);
    const policy = { id: 'all', operation: 'deposit', asset: null, above: null, makers: ['treasury'], wallets: 'any' } as const;
    await coffer.product.approvals.changeNow({ id: 'all', policy, reason: 'a test' }, 'cli');
    const { authorization } = people.treasury;
    const body = { amount: 5, metadata, requestId: 'waits' };
    const wallet = `${people.user.user.id}.USD`;
    const held = await coffer.call('POST', `/wallet/${wallet}/deposit`, body, { authorization });
    expect(held.body).toMatchObject({ code: 'approval_required' });
    const path = `/approvals/${String(held.body['approvalId'])}`;
    expect(await rowsWith(coffer.pool, mark)).toEqual([]);
    const approver = { authorization: people.admin.authorization };
    expect((await coffer.call('GET', path, undefined, approver)).body).toMatchObject({ input: { metadata } });
    expect((await coffer.call('POST', `/wallet/${wallet}/deposit`, body, { authorization })).body).toMatchObject({
      code: 'approval_required',
    });
    const approved = await coffer.call('POST', `${path}/approve`, {}, approver);
    expect(approved.body).toMatchObject({ state: expect.toBeOneOf(['done', 'failed']) as string, input: { metadata } });
    expect(await rowsWith(coffer.pool, mark)).toEqual([]);
  });
});

describe('over gRPC and webhooks', () => {
  test('is readable in answers and events, and nowhere in the database', async () => {
    const both = await startBoth({ metadata: (pool) => vaultOn(pool) });
    ending(both);
    const terms = { request_id: 'g1', metadata: JSON.stringify(metadata) };
    const [result] = await both.post([{ deposit: { wallet_id: 'w1', amount: 5, terms } }]);
    expect(JSON.parse(textOf(result?.['metadata']))).toEqual(metadata);
    expect(await both.post([{ deposit: { wallet_id: 'w1', amount: 5, terms } }])).toEqual([{ ...result, replayed: true }]);
    for (const [call, request] of [
      ['GetOperation', { operation_id: result?.['operation_id'] }],
      ['GetHistory', { wallet_id: 'w1' }],
      ['ListEvents', { limit: 500 }],
    ] as const)
      expect([call, JSON.stringify(await both.ask(call, request))]).toEqual([call, expect.stringContaining(mark)]);
    expect(await rowsWith(both.platform.database.pool, mark)).toEqual([]);
  });

  test('a delivery is stored encrypted, and sent and shown in the clear', async () => {
    const coffer = ending(await startProduct({}, { metadata: (pool) => vaultOn(pool) }));
    const { pool, ledger, metadata: vault } = coffer;
    const receiver = ending(await startReceiver());
    const webhooks = new Webhooks({ pool, ledger, allowPrivate: true, metadata: vault });
    const { endpoint } = await listenTo({ webhooks }, receiver.url);
    await coffer.call('POST', '/wallet/w1/deposit', { amount: 5, metadata });
    const { events } = await ledger.read.events(undefined, 500);
    const projection = webhookProjection({ ownerOf: async (wallet) => (await ledger.read.balance(wallet))?.owner });
    const client = await pool.connect();
    await projection.apply(client, events, 1);
    client.release();
    const of = `from webhooks.delivery where body like '%encrypted%'`;
    const stored = await pool.query<{ id: string; body: string }>(`select id, body ${of}`);
    expect(stored.rows[0]?.body).not.toContain(mark);
    const shown = await webhooks.delivery(endpoint.id, Number(stored.rows[0]?.id));
    expect('body' in shown && shown.body).toContain(mark);
    ending(new Dispatcher({ pool, log: silentLog(), allowPrivate: true, metadata: vault }));
    await expect.poll(async () => (await pool.query(`select id ${of} and status = 'delivered'`)).rowCount).toBe(1);
    expect(receiver.messages.some(({ body }) => body.includes(mark))).toBe(true);
    expect(await rowsWith(pool, mark)).toEqual([]);
  });
});
