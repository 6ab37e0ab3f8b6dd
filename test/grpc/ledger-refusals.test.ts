// A refusal of the ledger has the same code, message and facts over both transports.
import type { OperationRefusalCode } from '../../packages/coffer/src/operations/index.ts';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { explainRefusal, ledgerProblems, walletProblems } from '../../packages/coffer/src/gateway/index.ts';
import { newId } from '../../packages/coffer/src/kernel/index.ts';
import { startBoth, textOf } from './both.ts';
import type { Both, Message } from './both.ts';

let both: Both;
beforeAll(async () => {
  both = await startBoth();
  await both.ask('ChangeAsset', { code: 'POINTS', retired: true });
});
afterAll(() => both.stop());

type Case = {
  /** The preceding operations, all completed. */
  readonly before?: readonly object[];
  readonly asked: object;
  /** `‹1›` is the id of the first preceding operation, `‹2›` of the second. */
  readonly facts: Readonly<Record<string, unknown>>;
};
const funded = (wallet_id: string, more: object = {}) => ({ deposit: { wallet_id, amount: 100, ...more } });
const hold = (wallet_id: string, more: object = {}) => ({ hold: { wallet_id, amount: 10, ...more } });
const reason = 'a test';

const cases: Partial<Record<OperationRefusalCode, Case>> = {
  idempotency_key_reused: {
    before: [funded('x1', { terms: { request_id: 'k' } })],
    asked: { deposit: { wallet_id: 'x1', amount: 1, terms: { request_id: 'k' } } },
    facts: { key: 'k' },
  },
  wallet_exists: { before: [funded('x2')], asked: { open_wallet: { wallet_id: 'x2' } }, facts: { wallet: 'x2' } },
  same_wallet: {
    before: [funded('x3')],
    asked: { transfer: { wallet_id: 'x3', to_wallet_id: 'x3', amount: 1 } },
    facts: { wallet: 'x3' },
  },
  asset_unknown: { asked: funded('x4', { asset: 'DOUBLOON' }), facts: { asset: 'DOUBLOON' } },
  asset_retired: { asked: { open_wallet: { wallet_id: 'x4', asset: 'POINTS' } }, facts: { asset: 'POINTS' } },
  wallet_not_found: { asked: { withdraw: { wallet_id: 'x5', amount: 1 } }, facts: { wallet: 'x5' } },
  recipient_not_found: {
    before: [funded('x6')],
    asked: { transfer: { wallet_id: 'x6', to_wallet_id: 'x6.none', amount: 1 } },
    facts: { wallet: 'x6.none' },
  },
  hold_not_found: { asked: { release: { hold_id: '1-1' } }, facts: { hold: '1-1' } },
  operation_not_found: { asked: { reverse: { operation_id: '1-999999', reason } }, facts: { reverses: '1-999999' } },
  not_reversible: {
    before: [funded('x7'), hold('x7')],
    asked: { reverse: { operation_id: '‹2›', reason } },
    facts: { reverses: '‹2›', kind: 'hold' },
  },
  asset_mismatch: {
    before: [funded('x8'), { open_wallet: { wallet_id: 'x8.gold', asset: 'GOLD' } }],
    asked: { transfer: { wallet_id: 'x8', to_wallet_id: 'x8.gold', amount: 1 } },
    facts: { asset: 'USD', wallet: 'x8.gold', walletAsset: 'GOLD' },
  },
  version_stale: {
    before: [funded('x9')],
    asked: { withdraw: { wallet_id: 'x9', amount: 1, terms: { expected_version: 7 } } },
    facts: { expectedVersion: '7', currentVersion: '1' },
  },
  wallet_closed: {
    before: [funded('y1'), { withdraw: { wallet_id: 'y1', amount: 100 } }, { close: { wallet_id: 'y1', reason } }],
    asked: funded('y1'),
    facts: { wallet: 'y1', side: 'credits' },
  },
  wallet_frozen: {
    before: [funded('y2'), { freeze: { wallet_id: 'y2', sides: 'debits', reason } }],
    asked: { withdraw: { wallet_id: 'y2', amount: 1 } },
    facts: { wallet: 'y2', side: 'debits' },
  },
  nothing_to_change: { before: [funded('y3')], asked: { unfreeze: { wallet_id: 'y3', reason } }, facts: { wallet: 'y3' } },
  hold_resolved: {
    before: [funded('y4'), hold('y4'), { release: { hold_id: '‹2›' } }],
    asked: { capture: { hold_id: '‹2›' } },
    facts: { hold: '‹2›' },
  },
  hold_exceeded: {
    before: [funded('y5'), hold('y5')],
    asked: { capture: { hold_id: '‹2›', amount: 11 } },
    facts: { hold: '‹2›', left: '10', requested: '11' },
  },
  already_reversed: {
    before: [funded('y6'), { reverse: { operation_id: '‹1›', reason } }],
    asked: { reverse: { operation_id: '‹1›', reason } },
    facts: { reverses: '‹1›' },
  },
  reversal_exceeds_original: {
    before: [funded('y7')],
    asked: { reverse: { operation_id: '‹1›', amount: 101, reason } },
    facts: { reverses: '‹1›', left: '100', requested: '101' },
  },
  insufficient_funds: {
    before: [funded('y8')],
    asked: { withdraw: { wallet_id: 'y8', amount: 101 } },
    facts: { wallet: 'y8', available: '100', requested: '101' },
  },
  limit_exceeded: {
    before: [funded('y9'), { set_limits: { wallet_id: 'y9', per_transfer: 5, reason } }],
    asked: { withdraw: { wallet_id: 'y9', amount: 6 } },
    facts: { wallet: 'y9', limit: 'perTransfer', allowed: '5', used: '0', requested: '6' },
  },
  balance_below_minimum: {
    before: [funded('z1')],
    asked: { withdraw: { wallet_id: 'z1', amount: 1, money: { minimum_balance: 100 } } },
    facts: { wallet: 'z1', minimumBalance: '100', balance: '99' },
  },
  wallet_not_empty: {
    before: [funded('z2')],
    asked: { close: { wallet_id: 'z2', reason } },
    facts: { wallet: 'z2', balance: '100', held: '0' },
  },
  credit_line_in_use: {
    before: [{ open_wallet: { wallet_id: 'z3', credit_limit: 50 } }, { withdraw: { wallet_id: 'z3', amount: 50 } }],
    asked: { set_credit_line: { wallet_id: 'z3', credit_limit: 49, reason } },
    facts: { wallet: 'z3', balance: '-50', floor: '-49' },
  },
  hold_expired: {
    before: [funded('z4'), hold('z4', { expires_in_seconds: 1 })],
    asked: { capture: { hold_id: '‹2›' } },
    facts: { hold: '‹2›', expiredAt: expect.stringMatching(/^\d{4}-.*Z$/) as unknown },
  },
  saga_not_linkable: {
    before: [funded('z6')],
    asked: { transfer: { wallet_id: 'z6', to_wallet_id: 'z5', amount: 1, mode: 'saga' } },
    facts: {},
  },
  effective_in_future: {
    asked: funded('z7', { money: { effective_at: '9998-01-01T00:00:00Z' } }),
    facts: { effectiveAt: '9998-01-01T00:00:00.000Z', now: expect.stringMatching(/Z$/) as unknown },
  },
  effective_before_opening: {
    asked: funded('z7', { money: { effective_at: '2020-01-01T00:00:00Z' } }),
    facts: { effectiveAt: '2020-01-01T00:00:00.000Z', wallet: 'z7' },
  },
  account_not_found: {
    before: [funded('z8')],
    asked: { move: { from: { wallet: 'z8' }, to: { account: 'revenue:none' }, amount: 1 } },
    facts: { account: 'revenue:none' },
  },
  linked_operation_refused: { asked: funded('z5'), facts: { refused: '1' } },
};

/** Refusals that no gRPC request can cause here: 38-digit amounts, other books, the clock, input malformed earlier, missing rules,
 * payouts and closings. */
const unreachable: readonly string[] = [
  'amount_invalid',
  'other_book',
  'hold_not_expired',
  'balance_limit',
  'review_required',
  'payout_required',
  'approval_required',
  'approval_closed',
  'self_approval',
  'period_closed',
];

test('every reachable refusal of an operation has a case', () => {
  expect([...Object.keys(cases), ...unreachable].toSorted()).toEqual(Object.keys({ ...ledgerProblems, ...walletProblems }).toSorted());
});

test.each(Object.entries(cases))('%s', async (code, { before = [], asked, facts }) => {
  const ids = await prepare(before);
  if (code === 'hold_expired') await untilExpired(ids[1]);
  const operation = withIds(asked, ids);
  const linked = code === 'linked_operation_refused' || code === 'saga_not_linkable';
  const group = [operation, { withdraw: { wallet_id: 'nobody', amount: 1 } }];
  const [refused] = await both.post(linked ? group : [operation], { atomic: linked });
  const problem = refused?.['problem'] as Message | null;
  const told = Object.fromEntries(
    ((problem?.['facts'] ?? []) as unknown as { name: string; value: string }[]).map(({ name, value }) => [name, value]),
  );
  expect([refused?.['status'], problem?.['code'], told]).toEqual(['refused', code, { ...facts, ...idsIn(facts, ids) }]);
  expect(textOf(problem?.['detail'])).toBe(
    explainRefusal({ code: code as OperationRefusalCode, facts: told }, null, both.platform.ledger.assets).detail,
  );
  if (!refused?.['operation_id']) return;

  const read = await both.ask('GetOperation', { operation_id: refused['operation_id'] });
  expect(read['problem']).toEqual(problem);
  const overRest = await both.rest('GET', `/operations/${textOf(refused['operation_id'])}`);
  expect(overRest.body['failure']).toMatchObject({ code, facts: told, detail: problem?.['detail'] });
});

async function prepare(before: readonly object[]): Promise<string[]> {
  const ids: string[] = [];
  for (const operation of before) {
    const [result] = await both.post([withIds(operation, ids)]);
    expect([operation, result?.['status'], result?.['problem']]).toEqual([operation, 'completed', null]);
    ids.push(textOf(result?.['operation_id']));
  }
  return ids;
}

function withIds(template: object, ids: readonly string[]): object {
  return JSON.parse(JSON.stringify(template).replace(/‹(\d)›/g, (_whole, nth: string) => ids[Number(nth) - 1] ?? '')) as object;
}

/** Applies to the facts that are text; the others are patterns. */
function idsIn(facts: Case['facts'], ids: readonly string[]): object {
  return withIds(Object.fromEntries(Object.entries(facts).filter(([, value]) => typeof value === 'string')), ids);
}

async function untilExpired(hold_id = ''): Promise<void> {
  const hold = async () => (await both.ask('GetHold', { hold_id }))['status'];
  await expect.poll(hold).toBe('expired');
}

test.each([
  ['nothing in it', {}],
  ['an operation that says nothing', { operations: [{}] }],
  ['1,001 operations', { operations: Array.from({ length: 1_001 }, () => funded('m')) }],
  ['a wallet without a name', { operations: [funded('')] }],
  ['a wallet of the system', { operations: [funded('$treasury/3')] }],
  ['a key of 129 characters', { operations: [funded('m', { terms: { request_id: 'k'.repeat(129) } })] }],
  ['metadata that is no JSON', { operations: [funded('m', { terms: { metadata: '{' } })] }],
  ['metadata that is no object', { operations: [funded('m', { terms: { metadata: '[]' } })] }],
  ['an owner who can be none', { operations: [{ open_wallet: { owner_id: 'shop' } }] }],
  ['two names for one wallet', { operations: [{ open_wallet: { wallet_id: 'm', owner_id: newId() } }] }],
  ['a wallet to be opened at a version', { operations: [{ open_wallet: { wallet_id: 'm', terms: { expected_version: 0 } } }] }],
  ['a wallet to be opened with metadata', { operations: [{ open_wallet: { wallet_id: 'm', terms: { metadata: '{}' } } }] }],
  ['two destinations', { operations: [{ capture: { hold_id: '1-1', to: 'fees', to_wallet_id: 'm' } }] }],
  ['a destination that is none', { operations: [{ capture: { hold_id: '1-1', to: 'cash_in' } }] }],
  ['no reason', { operations: [{ freeze: { wallet_id: 'm' } }] }],
  ['sides that are none', { operations: [{ freeze: { wallet_id: 'm', sides: 'left', reason } }] }],
  ['a hold with a date', { operations: [hold('m', { money: { effective_at: '2026-01-01T00:00:00Z' } })] }],
])('a request with %s is INVALID_ARGUMENT as a whole', async (_what, request) => {
  const reply = await both.call('Post', { id: 1, ...request });
  expect(reply).toMatchObject({ status: status.INVALID_ARGUMENT, trailer: { 'coffer-code': 'request_invalid' } });
});

test('only the user can open a wallet named after that user, over both transports', async () => {
  const wallet = `${newId()}.USD`;
  const reply = await both.call('Post', { operations: [{ open_wallet: { wallet_id: wallet } }] });
  expect(reply).toMatchObject({ status: status.PERMISSION_DENIED, trailer: { 'coffer-code': 'forbidden' } });
  expect(await both.rest('POST', '/wallet', { id: wallet })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
});

test('a user opens a wallet over gRPC, where an unset credit limit arrives as 0', async () => {
  const alice = '0f6d220d-61fa-4be7-b0a2-e05dbd9aee32';
  const opened = await both.call('Post', { operations: [{ open_wallet: { asset: 'EUR' } }] }, await both.login(alice));
  expect(opened).toMatchObject({ status: status.OK, message: { results: [{ status: 'completed', wallet: { id: `${alice}.EUR` } }] } });
});

test('metadata is parsed as strictly over gRPC as a body over REST', async () => {
  for (const metadata of ['{"a":1,"a":2}', '{"a":0.12345678901234567890123}', '{"__proto__":{"a":1}}']) {
    const deposit = { wallet_id: 'strict', amount: 1, terms: { metadata } };
    expect([metadata, (await both.call('Post', { operations: [{ deposit }] })).status]).toEqual([metadata, status.INVALID_ARGUMENT]);
  }
});

test('a reason with a NUL is refused over both transports', async () => {
  await both.post([funded('nul')]);
  const reply = await both.call('Post', { operations: [{ freeze: { wallet_id: 'nul', reason: 'a\0b' } }] });
  expect(reply).toMatchObject({ status: status.INVALID_ARGUMENT, trailer: { 'coffer-code': 'request_invalid' } });
  expect((await both.rest('POST', '/wallet/nul/freeze', { reason: 'a\0b' })).status).toBe(400);
  expect((await both.rest('POST', '/wallet/nul/freeze', { reason: 'a\ud800b' })).status).toBe(400);
});
