// No value in any field of ledger.LedgerService is answered with UNKNOWN or INTERNAL, and no bad value moves money.
import { once } from 'node:events';
import { Client, credentials, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ledgerService } from '../../packages/coffer/src/gateway/grpc/generated/ledger.ts';
import type { PostResponse } from '../../packages/coffer/src/gateway/grpc/generated/ledger.ts';
import { createLog } from '../../packages/coffer/src/kernel/index.ts';
import { rounds } from '../support/rounds.ts';
import { startBoth } from './both.ts';
import type { Both } from './both.ts';
import { framed, rawCall } from './outsider.ts';

const { path, response } = ledgerService.postStream;
let both: Both;
const logged: string[] = [];
let before = 0;
beforeAll(async () => {
  const log = createLog({ level: 'error', pretty: false, destination: { write: (line: string) => void logged.push(line) } });
  both = await startBoth({ log });
  await both.post([{ deposit: { wallet_id: 'w1', amount: 1_000 } }, { open_wallet: { wallet_id: 'w2' } }]);
});
afterAll(() => both.stop());
beforeEach(async () => {
  before = await done();
});
afterEach(async () => {
  expect(await done()).toBe(before);
  expect(logged).toEqual([]);
});

/** The number of completed operations; stored refusals do not count. */
async function done(): Promise<number> {
  const { rows } = await both.platform.database.pool.query<{ count: number }>(
    'select count(*)::int as count from ledger.entry where refusal is null',
  );
  return rows[0]?.count ?? 0;
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom(
    '',
    '\0',
    'a\0b',
    '__proto__',
    'constructor',
    '%00',
    '\u202Eevil',
    '$treasury/3',
    'w1',
    'w2',
    '1-1',
    '1-15',
    '{}',
    '{"a":"\\u0000"}',
  ),
  fc.constantFrom(
    '{"a":',
    '9'.repeat(500),
    '2026-01-31T12:00:00Z',
    '+275760-09-13T00:00:00Z',
    'debits',
    'fees',
    'USD',
    '[[[[[[[]]]]]]]',
    "' or 1=1 --",
  ),
);
const int64 = fc.oneof(fc.constantFrom('0', '1', '-1'), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String));
const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined, freq: 2 });
/** Any text, or as often one that is good there: otherwise hardly a request would have only good fields, and reach the ledger. */
const orGood = (...good: string[]) => fc.oneof({ weight: 1, arbitrary: text }, { weight: 2, arbitrary: fc.constantFrom(...good) });
const walletId = orGood('w1', 'w2');
const moment = orGood('', '2026-01-31T12:00:00Z');
const asset = orGood('', 'USD');
const terms = fc.record({ request_id: orGood('', 'k1'), metadata: orGood('', '{"a":1}'), expected_version: maybe(int64) });
const money = fc.record({ up_to: fc.boolean(), minimum_balance: maybe(int64), effective_at: moment });
const flow = { terms: maybe(terms), money: maybe(money), amount: int64, asset };
const decided = { terms: maybe(terms), wallet_id: walletId, sides: orGood('', 'debits'), reason: orGood('because') };

const operation = fc.oneof(
  ...Object.entries({
    open_wallet: fc.record({ terms: maybe(terms), wallet_id: walletId, owner_id: text, asset, credit_limit: int64 }),
    deposit: fc.record({ ...flow, wallet_id: walletId }),
    withdraw: fc.record({ ...flow, wallet_id: walletId }),
    transfer: fc.record({ ...flow, wallet_id: walletId, to_wallet_id: walletId }),
    top_up: fc.record({ ...flow, owner_id: text }),
    spend: fc.record({ ...flow, owner_id: text }),
    hold: fc.record({ ...flow, wallet_id: walletId, expires_in_seconds: maybe(int64) }),
    capture: fc.record({
      ...flow,
      hold_id: orGood('1-15'),
      to_wallet_id: walletId,
      to: orGood('', 'fees'),
      final: fc.boolean(),
      effective_at: moment,
    }),
    release: fc.record({ terms: maybe(terms), hold_id: orGood('1-15'), amount: maybe(int64) }),
    reverse: fc.record({ terms: maybe(terms), operation_id: orGood('1-15'), amount: maybe(int64), reason: orGood('because') }),
    freeze: fc.record(decided),
    unfreeze: fc.record(decided),
    close: fc.record({ ...decided, sweep_to: orGood('', 'fees') }),
    set_limits: fc.record({ ...decided, per_transfer: maybe(int64), per_day: maybe(int64), per_month: maybe(int64) }),
    set_credit_line: fc.record({ ...decided, credit_limit: int64 }),
  }).map(([name, fields]): fc.Arbitrary<object> => fields.map((given) => ({ [name]: given }))),
);

test('any text and any number in any field of any operation', async () => {
  let decidedOn = 0;
  // Atomic, with an impossible last operation: every valid operation before it reaches the ledger and moves nothing.
  const impossible = { withdraw: { wallet_id: 'nobody', amount: 1 } };
  await fc.assert(
    fc.asyncProperty(operation, async (given) => {
      const reply = await both.call('Post', { operations: [given, impossible], atomic: true });
      expect([status.OK, status.INVALID_ARGUMENT, status.UNAUTHENTICATED]).toContain(reply.status);
      if (reply.status !== status.OK) return;
      decidedOn++;
      const { results } = reply.message as unknown as { results: { status: string }[] };
      expect(results.map((result) => result.status)).toEqual(['refused', 'refused']);
    }),
    { numRuns: rounds(1_500, 300) },
  );
  expect(decidedOn).toBeGreaterThan(0);
});

test('any text and any number in any field of a read', async () => {
  const fields = {
    wallet_id: walletId,
    operation_id: orGood('1-15'),
    request_id: text,
    hold_id: orGood('1-15'),
    owner_id: text,
    at: text,
    by: text,
  };
  const request = fc.record({ ...fields, cursor: text, limit: fc.integer({ min: -600, max: 600 }), open: fc.boolean() });
  const reads = [
    'GetOperation',
    'GetWallet',
    'ListWallets',
    'GetHistory',
    'GetBalanceAt',
    'GetStats',
    'GetHold',
    'ListHolds',
    'FindOperations',
    'FindHolds',
    'FindWallets',
    'Search',
    'ListEvents',
  ];
  const authorization = await both.login('0f6d220d-61fa-4be7-b0a2-e05dbd9aee32');
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...reads), request, async (name, given) => {
      const reply = await both.call(name, given, authorization);
      expect([name, [status.OK, status.INVALID_ARGUMENT, status.NOT_FOUND].includes(reply.status), reply.details]).toEqual([
        name,
        true,
        reply.details,
      ]);
    }),
    { numRuns: rounds(600, 150) },
  );
});

test('two operations in one message are refused, because one of them would be dropped', async () => {
  const wallet = [0x1a, 2, ...Buffer.from('w1'), 0x20, 5];
  const twice = [0x12, wallet.length, ...wallet, 0x1a, wallet.length, ...wallet];
  const reply = await rawCall(
    both.platform.walletsAddress,
    '/ledger.LedgerService/Post',
    framed(Buffer.from([0x12, twice.length, ...twice])),
  );
  expect(reply).toMatchObject({ status: status.INVALID_ARGUMENT, code: 'request_invalid' });
});

test('metadata cannot carry what only Coffer may note', async () => {
  const terms = { metadata: JSON.stringify({ coffer: { purpose: 'withdrawal' } }) };
  const reply = await both.call('Post', { operations: [{ hold: { wallet_id: 'w1', amount: 1, terms } }] });
  expect(reply.status).toBe(status.INVALID_ARGUMENT);
  expect(reply.details).toContain('which is reserved for Coffer');
});

test('a stream continues after a request that fails, and ends at bytes that are not a message', async () => {
  const client = new Client(both.platform.walletsAddress, credentials.createInsecure());
  const stream = client.makeBidiStreamRequest(path, (bytes: Buffer) => bytes, response.decode);
  const answers: PostResponse[] = [];
  stream.on('data', (answer: PostResponse) => answers.push(answer));
  const failed = once(stream, 'error') as Promise<[ServiceError]>;
  const refused = { withdraw: { wallet_id: 'nobody', amount: 1 } };
  for (const [id, operations] of [
    [1, [refused]],
    [2, [{}]],
    [3, [refused]],
  ] as const)
    stream.write(encoded(id, operations));
  stream.write(Buffer.from([0x12, 0x7f, 1]));
  stream.write(encoded(4, [refused]));
  const [{ code, metadata }] = await failed;
  client.close();
  expect([code, metadata.get('coffer-code')]).toEqual([status.INVALID_ARGUMENT, ['message_malformed']]);
  const told = answers.map(({ id, results, problem }) => [id, results[0]?.problem?.code, problem?.code]);
  expect(told).toEqual([
    [1n, 'wallet_not_found', undefined],
    [2n, undefined, 'request_invalid'],
    [3n, 'wallet_not_found', undefined],
  ]);
});

/** A PostRequest with an id, with operations that are empty or withdraw 1 from `nobody`. */
function encoded(id: number, operations: readonly object[]): Buffer {
  const withdrawal = [0x1a, 10, 0x1a, 6, ...Buffer.from('nobody'), 0x20, 1];
  return Buffer.from([
    0x08,
    id,
    ...operations.flatMap((one) => ('withdraw' in one ? [0x12, withdrawal.length, ...withdrawal] : [0x12, 0])),
  ]);
}
