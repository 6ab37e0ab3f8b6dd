// The same operations over REST and gRPC, on twin wallets: the answers and all later reads are equivalent.
import { afterAll, beforeAll, expect, test } from 'vitest';
import fc from 'fast-check';
import { assert } from '../../packages/coffer/src/kernel/index.ts';
import { internalKey, operationId } from '../../packages/coffer/src/ledger/index.ts';
import { createCommands } from '../../packages/coffer/src/operations/index.ts';
import type { Commands } from '../../packages/coffer/src/operations/index.ts';
import { entriesWithoutActor } from '../support/actors.ts';
import { rounds } from '../support/rounds.ts';
import { startBoth } from './both.ts';
import type { Both, Message } from './both.ts';

let both: Both;
let commands: Commands;
beforeAll(async () => {
  both = await startBoth();
  const { ledger } = both.platform;
  const defaultAsset = ledger.assets.find('USD');
  assert(defaultAsset, 'the migrations bring USD');
  commands = createCommands({ ledger, defaultAsset });
});
afterAll(async () => {
  const nameless = await entriesWithoutActor(both.platform.database.pool);
  await both.stop();
  expect(nameless).toEqual([]);
});

type Body = Record<string, unknown>;
type Step = {
  readonly kind: 'open' | 'deposit' | 'withdraw' | 'transfer' | 'hold' | 'capture' | 'release' | 'reverse' | 'control' | 'internal';
  readonly wallet: number;
  readonly other: number;
  readonly amount: number;
  readonly flag: boolean;
  readonly key: number;
};
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(
    'open',
    'deposit',
    'deposit',
    'withdraw',
    'transfer',
    'hold',
    'capture',
    'release',
    'reverse',
    'control',
    'internal',
  ),
  wallet: fc.integer({ min: 0, max: 2 }),
  other: fc.integer({ min: 0, max: 2 }),
  amount: fc.integer({ min: 1, max: 200 }),
  flag: fc.boolean(),
  key: fc.integer({ min: 0, max: 60 }),
});

/** A set of wallets for each transport, with the ids of its holds and operations in order. */
type World = { readonly prefix: string; readonly holds: string[]; readonly operations: string[] };
const nameOf = ({ prefix }: World, wallet: number) => `${prefix}w${wallet}`;
const pick = (ids: readonly string[], at: number) => ids[at % Math.max(1, ids.length)] ?? '1-999999999';
const metadata = { order: 'A-17', lines: [1, 2] };
/** Ahead, as far as an effective date may be: wallets are opened while the test runs. */
const effectiveAt = new Date(Date.now() + 55_000).toISOString();

/** The request of a step over REST: path and body. */
function overRest(world: World, { kind, wallet, other, amount, flag, key }: Step): [method: string, path: string, body: Body] {
  const [id, to, requestId] = [nameOf(world, wallet), nameOf(world, other), `k${key}`];
  const control = { reason: 'because', requestId };
  switch (kind) {
    case 'open':
      return ['POST', '/wallet', { id, creditLimit: amount, requestId }];
    case 'deposit':
      return ['POST', `/wallet/${id}/deposit`, { amount, requestId, ...(flag && { metadata, effectiveAt }) }];
    case 'withdraw':
      return ['POST', `/wallet/${id}/withdraw`, { amount, requestId, upTo: flag, ...(!flag && { minimumBalance: 5 }) }];
    case 'transfer':
      return ['POST', `/wallet/${id}/transfer`, { toWalletId: to, amount, requestId, ...(flag && { expectedVersion: amount % 8 }) }];
    case 'hold':
      return ['POST', `/wallet/${id}/holds`, { amount, requestId, ...(flag && { upTo: true, metadata }) }];
    case 'capture':
      return [
        'POST',
        `/holds/${pick(world.holds, other)}/capture`,
        { requestId, final: flag, ...(flag ? { amount: 3, to: 'fees' } : { toWalletId: id }) },
      ];
    case 'release':
      return ['POST', `/holds/${pick(world.holds, other)}/release`, { requestId, ...(flag && { amount: 4 }) }];
    case 'reverse':
      return ['POST', `/operations/${pick(world.operations, amount)}/reverse`, { ...control, ...(flag && { amount: 2 }) }];
    case 'internal':
      throw new Error('no caller can request it');
    case 'control':
      if (other === 0) return ['POST', `/wallet/${id}/${flag ? 'freeze' : 'unfreeze'}`, { ...control, sides: 'credits' }];
      if (other === 1) return ['PUT', `/wallet/${id}/limits`, { ...control, ...(flag && { perTransfer: amount, perDay: 10 * amount }) }];
      return ['PUT', `/wallet/${id}/credit-line`, { ...control, creditLimit: amount }];
  }
}

function overGrpc(world: World, { kind, wallet, other, amount, flag, key }: Step): object {
  const [wallet_id, to_wallet_id, terms] = [nameOf(world, wallet), nameOf(world, other), { request_id: `k${key}` }];
  const kept = { ...terms, metadata: JSON.stringify(metadata) };
  const control = { wallet_id, terms, reason: 'because' };
  switch (kind) {
    case 'open':
      return { open_wallet: { wallet_id, credit_limit: amount, terms } };
    case 'deposit':
      return { deposit: { wallet_id, amount, terms: flag ? kept : terms, ...(flag && { money: { effective_at: effectiveAt } }) } };
    case 'withdraw':
      return { withdraw: { wallet_id, amount, terms, money: { up_to: flag, ...(!flag && { minimum_balance: 5 }) } } };
    case 'transfer':
      return { transfer: { wallet_id, to_wallet_id, amount, terms: { ...terms, ...(flag && { expected_version: amount % 8 }) } } };
    case 'hold':
      return { hold: { wallet_id, amount, terms: flag ? kept : terms, money: { up_to: flag } } };
    case 'capture':
      return {
        capture: {
          hold_id: pick(world.holds, other),
          terms,
          final: flag,
          ...(flag ? { amount: 3, to: 'fees' } : { to_wallet_id: wallet_id }),
        },
      };
    case 'release':
      return { release: { hold_id: pick(world.holds, other), terms, ...(flag && { amount: 4 }) } };
    case 'reverse':
      return { reverse: { operation_id: pick(world.operations, amount), terms, reason: 'because', ...(flag && { amount: 2 }) } };
    case 'internal':
      throw new Error('no caller can request it');
    case 'control':
      if (other === 0) return { [flag ? 'freeze' : 'unfreeze']: { ...control, sides: 'credits' } };
      if (other === 1) return { set_limits: { ...control, ...(flag && { per_transfer: amount, per_day: 10 * amount }) } };
      return { set_credit_line: { ...control, credit_limit: amount } };
  }
}

/** Replaces ids of wallets, holds and operations with names that are equal in both worlds; timestamps and log cursors cannot be equal. */
function common(world: World, value: unknown): unknown {
  let text = JSON.stringify(value, (_name, field: unknown) => (field === undefined ? null : field));
  for (const [at, id] of world.operations.entries()) text = text.replaceAll(`"${id}"`, `"operation ${at}"`);
  text = text
    .replaceAll(world.prefix, '')
    .replaceAll(/"20\d\d-[^"]*Z"/g, (moment) => (moment === `"${effectiveAt}"` ? moment : '"a moment"'));
  return JSON.parse(text);
}

const some = (value: unknown) => (value === undefined || value === '' ? null : value);
const textOf = (object: unknown) => (object === null || object === undefined ? null : JSON.stringify(object));
const account = (message: unknown) => (message as Message | null) ?? {};

/** The content that both answers to a posting share. */
function saidByRest({ status, body }: { status: number; body: Body }): Body {
  const sides = (name: string) => (body['from'] ? ((body[name] as Body)['balance'] ?? null) : 'not both wallets');
  if (status >= 400) return { status: 'refused', code: body['code'], requestId: body['requestId'], operationId: some(body['operationId']) };
  const isOpening = 'ownerId' in body;
  return {
    status: 'completed',
    type: isOpening ? 'open' : body['type'],
    operationId: body['operationId'],
    requestId: body['requestId'],
    asset: (body['asset'] as Body)['code'],
    amount: some(body['amount']),
    askedAmount: some(body['askedAmount']),
    effectiveAt: some(body['effectiveAt']),
    wallet: { id: body['walletId'], balance: body['balance'], held: body['held'] ?? '0', version: String(body['version']) },
    from: sides('from'),
    to: sides('to'),
    hold: some(body['holdId']),
    left: some(body['left']),
    reverses: some(body['reverses']),
    reversed: some(body['reversed']),
    reason: some(body['reason']),
    actor: some(body['actor']),
  };
}

function saidByGrpc(result: Message, own: (id: unknown) => boolean): Body {
  const problem = result['problem'] as Message | null;
  if (problem)
    return { status: 'refused', code: problem['code'], requestId: result['request_id'], operationId: some(result['operation_id']) };
  const [wallet, hold] = [account(result['wallet']), account(result['hold'])];
  const isBoth = own(account(result['from'])['id']) && own(account(result['to'])['id']);
  const told = result['type'] === 'reversal' ? {} : result;
  return {
    status: result['status'],
    type: result['type'],
    operationId: result['operation_id'],
    requestId: result['request_id'],
    asset: result['asset'],
    amount: some(result['amount']),
    askedAmount: some(result['asked_amount']),
    effectiveAt: some(result['effective_at']),
    wallet: { id: wallet['id'], balance: wallet['balance'], held: wallet['held'], version: wallet['version'] },
    from: isBoth ? account(result['from'])['balance'] : 'not both wallets',
    to: isBoth ? account(result['to'])['balance'] : 'not both wallets',
    hold: some(hold['hold_id']),
    left: some(hold['left']),
    reverses: some(result['reverses']),
    reversed: some(result['reversed']),
    // Over REST, the answer to a reversal does not repeat the request.
    reason: some(told['reason']),
    actor: some(told['actor']),
  };
}

/** Operations of Coffer itself, under keys that no reader sees: a fraud rule's freeze, a worker's deposit. */
async function byCoffer(world: World, { wallet, amount, flag, key }: Step): Promise<void> {
  const id = nameOf(world, wallet);
  const done = flag
    ? await commands.freeze({ wallet: id, sides: 'debits', reason: 'a rule', actor: 'fraud rule', key: internalKey('fraud', id, key) })
    : await commands.deposit({ wallet: id, amount: BigInt(amount), key: internalKey('request', id, key) });
  if (done.entry) note(world, { operationId: operationId(done.entry), type: done.entry.kind, status: 'completed' });
}

let worlds = 0;

test('every answer is equal, and so is every wallet, history, hold, statistic and past balance after it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const run = ++worlds;
      const rest: World = { prefix: `r${run}.`, holds: [], operations: [] };
      const grpc: World = { prefix: `g${run}.`, holds: [], operations: [] };
      for (const one of steps) {
        if (one.kind === 'internal') {
          for (const world of [rest, grpc]) await byCoffer(world, one);
          continue;
        }
        const answer = await both.rest(...overRest(rest, one));
        const [result = {}] = await both.post([overGrpc(grpc, one)]);
        note(rest, saidByRest(answer));
        note(
          grpc,
          saidByGrpc(result, (id) => String(id).startsWith(grpc.prefix)),
        );
        const told = saidByGrpc(result, (id) => String(id).startsWith(grpc.prefix));
        expect([one, common(grpc, told)]).toEqual([one, common(rest, saidByRest(answer))]);
        expect(result['replayed']).toBe(answer.headers.get('idempotency-replayed') === 'true');
      }
      for (const wallet of [0, 1, 2]) await compareReads(rest, grpc, wallet);
      await compareOperations(rest, grpc);
    }),
    { numRuns: rounds(12, 4) },
  );
});

function note(world: World, { operationId, type, status }: Body): void {
  if (typeof operationId !== 'string' || world.operations.includes(operationId)) return;
  world.operations.push(operationId);
  if (type === 'hold' && status === 'completed') world.holds.push(operationId);
}

async function compareReads(rest: World, grpc: World, wallet: number): Promise<void> {
  const wallet_id = nameOf(grpc, wallet);
  const read = async (path: string) => (await both.rest('GET', `/wallet/${nameOf(rest, wallet)}${path}`)).body;
  const body = await read('');
  const { trailer } = await both.call('GetWallet', { wallet_id });
  expect(trailer['coffer-code']).toBe(body['code']);
  if (body['code'] === 'wallet_not_found') return;
  const same = (told: unknown, expected: unknown) => expect(common(grpc, told)).toEqual(common(rest, expected));

  const { id, owner_id, as_of_seq: _seq, ...message } = await both.ask('GetWallet', { wallet_id });
  const { seq: _place, ...view } = body;
  same(camel({ ...message, wallet_id: id, owner_id: some(owner_id) }), { limits: null, ...numbersAsText(view) });
  same(camel(await both.ask('GetStats', { wallet_id })), numbersAsText(await read('/stats')));
  const at = '2100-01-01T00:00:00.000Z';
  for (const by of ['recorded', 'effective'])
    same(
      camel(await both.ask('GetBalanceAt', { wallet_id, at, by })),
      without(numbersAsText(await read(`/balance?at=${at}&by=${by}`)), 'asset'),
    );

  const { items } = await both.ask('GetHistory', { wallet_id, limit: 500 });
  const lines = (await read('/history?limit=500'))['items'] as Body[];
  same((items as unknown as Message[]).map(historyOfGrpc), lines.map(historyOfRest));

  const { holds } = await both.ask('ListHolds', { wallet_id, limit: 500 });
  const views = (await read('/holds?limit=500'))['items'] as Body[];
  const plain = (hold: Body) => without(numbersAsText(hold), 'metadata', 'askedAmount');
  same(
    (holds as unknown as Message[]).map((hold) => ({ ...camel(hold), expiresAt: some(hold['expires_at']) })),
    views.map(plain),
  );
  for (const [at, hold_id] of grpc.holds.entries()) {
    const one = await both.ask('GetHold', { hold_id });
    const other = (await both.rest('GET', `/holds/${rest.holds[at] ?? ''}`)).body;
    same({ ...camel(one), expiresAt: some(one['expires_at']) }, without(plain(other), 'parts'));
  }
}

/** Read by id, an operation has the same key, reason and hold over both transports, and never an internal key of Coffer. */
async function compareOperations(rest: World, grpc: World): Promise<void> {
  for (const [at, operation_id] of grpc.operations.entries()) {
    const one = await both.ask('GetOperation', { operation_id });
    const { body } = await both.rest('GET', `/operations/${rest.operations[at] ?? ''}`);
    const ofRest = { key: some(body['requestId']), reason: some(body['reason']), actor: some(body['actor']), hold: some(body['holdId']) };
    const ofGrpc = {
      key: some(one['request_id']),
      reason: some(one['reason']),
      actor: some(one['actor']),
      hold: some(account(one['hold'])['hold_id']),
    };
    expect(common(grpc, ofGrpc)).toEqual(common(rest, ofRest));
    expect(`${JSON.stringify(one)}${JSON.stringify(body)}`).not.toContain(String.raw`\u0001`);
  }
}

function historyOfRest(line: Body): Body {
  const wallet = { balance: line['balanceAfter'], held: line['heldAfter'], version: String(line['versionAfter']) };
  const { operationId, type, amount, askedAmount, effectiveAt: counts, reverses, requestId, reason, holdId, left } = line;
  const told = { operationId, type, amount, requestId, metadata: textOf(line['metadata']), wallet };
  return {
    ...told,
    asked: some(askedAmount),
    counts: some(counts),
    reverses: some(reverses),
    reason: some(reason),
    hold: some(holdId),
    left: some(left),
  };
}

function historyOfGrpc(item: Message): Body {
  const { balance, held, version } = account(item['wallet']);
  const { hold_id, left } = account(item['hold']);
  const { operation_id: operationId, type } = item;
  const told = { operationId, type, amount: some(item['amount']), requestId: some(item['request_id']), metadata: some(item['metadata']) };
  return {
    ...told,
    wallet: { balance, held, version },
    asked: some(item['asked_amount']),
    counts: some(item['effective_at']),
    reverses: some(item['reverses']),
    reason: some(item['reason']),
    hold: some(hold_id),
    left: some(left),
  };
}

function camel(message: Body): Body {
  const named = (name: string) => name.replace(/_([a-z])/g, (_whole, letter: string) => letter.toUpperCase());
  const inner = (value: unknown) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? camel(value as Body) : value);
  for (const [name, text] of Object.entries(message))
    if (name.endsWith('_text')) expect([name, text]).toEqual([name, message[name.slice(0, -'_text'.length)] ?? '']);
  return Object.fromEntries(
    Object.entries(message).flatMap(([name, value]) =>
      name.endsWith('_text') ? [] : [[named(name), name === 'last_activity_at' ? some(value) : inner(value)]],
    ),
  );
}

/** In gRPC form: int64 as text, an asset as its code, null values absent. */
function numbersAsText(body: Body): Body {
  const told = (value: unknown): unknown => {
    if (typeof value === 'number') return String(value);
    if (typeof value !== 'object' || value === null) return value;
    if ('code' in value) return value.code;
    return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== null));
  };
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, told(value)]));
}

function without(body: Body, ...names: string[]): Body {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)));
}
