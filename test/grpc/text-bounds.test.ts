// Every text field of every operation has the same bounds over both transports: text that REST refuses by its schema is refused over gRPC.
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { definitions } from '../../packages/coffer/src/operations/index.ts';
import { startBoth } from './both.ts';
import type { Both } from './both.ts';

let both: Both;
let user: string;
beforeAll(async () => {
  both = await startBoth();
  user = await both.login('0f6d220d-61fa-4be7-b0a2-e05dbd9aee32');
});
afterAll(async () => {
  await both.stop();
});

const tooLong = '9'.repeat(2_000);
/** Valid values of the fields that an operation may require. */
const usual: Readonly<Record<string, unknown>> = {
  from: { wallet: 'w1' },
  to: { wallet: 'w2' },
  walletId: 'w1',
  toWalletId: 'w2',
  holdId: '1-1',
  operationId: '1-1',
  amount: '1',
  creditLimit: '1',
  reason: 'a test',
  asset_type_id: 1,
};

type Schema = { readonly type?: string | readonly string[]; readonly pattern?: string; readonly '~optional'?: boolean };

/** Amounts are int64 over gRPC; the number of an asset is its code. */
function isText(name: string, { type, pattern }: Schema): boolean {
  const types = [type ?? []].flat();
  return name === 'asset_type_id' || (types.includes('string') && !(types.includes('integer') && pattern !== undefined));
}

const renamed: Readonly<Record<string, string>> = { user_id: 'owner_id', asset_type_id: 'asset', sweepToWalletId: 'sweep_to' };
const nested: Readonly<Record<string, (text: unknown) => object>> = {
  requestId: (text) => ({ terms: { request_id: text } }),
  txId: (text) => ({ terms: { request_id: text } }),
  payment_id: (text) => ({ terms: { request_id: text } }),
  unit: (text) => ({ terms: { unit: text } }),
  effectiveAt: (text) => ({ money: { effective_at: text } }),
};

const snake = (name: string) => renamed[name] ?? name.replaceAll(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);

/** `isFlat`: its effective date is a field of its own. */
function messageOf(item: Readonly<Record<string, unknown>>, isFlat: boolean): object {
  const placed = ([name, value]: [string, unknown]) =>
    (!(isFlat && name === 'effectiveAt') && nested[name]?.(value)) || {
      [snake(name)]: name === 'asset_type_id' ? String(value) : value,
    };
  return Object.assign({}, ...Object.entries(item).map(placed)) as object;
}

const cases = definitions.flatMap((definition) => {
  const all = { ...(definition.subject && { [definition.subject]: { type: 'string' } }), ...definition.fields } as Record<string, Schema>;
  return Object.entries(all)
    .filter(([name, schema]) => isText(name, schema))
    .map(([name]) => [definition.name, name, definition, all] as const);
});

test.each(cases)(
  '%s refuses a "%s" that is too long, over both transports',
  async (_operation, name, { access, batchType, grpc, subject }, all) => {
    const required = Object.entries(all).filter(([field, schema]) => field === subject || schema['~optional'] !== true);
    const item = { ...Object.fromEntries(required.map(([field]) => [field, usual[field]])), [name]: tooLong };
    const field = snake(grpc.field);
    const reply = await both.call(
      'Post',
      { operations: [{ [field]: messageOf(item, batchType === 'capture' || batchType === 'reverse') }] },
      access.open === 'user' ? user : undefined,
    );
    expect(reply).toMatchObject({ status: status.INVALID_ARGUMENT, trailer: { 'coffer-code': 'request_invalid' } });
    const said = ['requestId', 'txId', 'payment_id'].includes(name) ? 'request_id' : snake(name);
    expect(reply.details).toMatch(`operations[0]: "${said}"`);
    const rest = await both.rest('POST', '/operations/batch', { operations: [{ type: batchType, ...item }] });
    expect(rest).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(rest.body['detail']).toMatch(`"${name}"`);
  },
);

test.each([
  ['GetOperation', { operation_id: tooLong }, 'operation_id', `/operations/${tooLong}`],
  ['GetHold', { hold_id: tooLong }, 'hold_id', `/holds/${tooLong}`],
  ['GetWallet', { wallet_id: tooLong }, 'wallet_id', `/wallet/${tooLong}`],
  ['GetHistory', { wallet_id: tooLong }, 'wallet_id', `/wallet/${tooLong}/history`],
  ['GetStats', { wallet_id: tooLong }, 'wallet_id', `/wallet/${tooLong}/stats`],
  ['ListHolds', { wallet_id: tooLong }, 'wallet_id', `/wallet/${tooLong}/holds`],
])('%s refuses an id that is too long, over both transports', async (call, request, field, path) => {
  const reply = await both.call(call, request);
  expect(reply).toMatchObject({ status: status.INVALID_ARGUMENT, trailer: { 'coffer-code': 'request_invalid' } });
  expect(reply.details).toMatch(`"${field}"`);
  expect(await both.rest('GET', path)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
});
