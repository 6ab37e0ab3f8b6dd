// The parts of a service other than its calls: health, reflection, deadlines, reliable start and stop.
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath as healthProto } from 'grpc-health-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startUsersService } from '../../packages/coffer/src/gateway/grpc/index.ts';
import { userService } from '../../packages/coffer/src/gateway/grpc/generated/user.ts';
import { OperatorError, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { Proofs, Users } from '../../packages/coffer/src/identity/index.ts';
import { framed, outsider, rawCall } from './outsider.ts';
import { startPlatform } from './platform.ts';
import type { Platform } from './platform.ts';

let platform: Platform;
let database: TestDatabase;

beforeAll(async () => {
  platform = await startPlatform();
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.drop();
  await platform.stop();
});

const anywhere = { host: '127.0.0.1', port: 0 };
const noWallets = { openWallet: async () => ({ status: 'opened' }) as const, hasWallet: async () => true };

const closer = { closeWallets: async () => null };
const proofsOf = () => new Proofs({ pool: database.pool, delivery: 'operator', signUp: 'open' });

async function healthOf(address: string, service: string): Promise<string> {
  const health = outsider(address, healthProto, 'grpc.health.v1.Health');
  const reply = await health.call('Check', { service });
  health.close();
  // Enums arrive as numbers: 1 is SERVING, 2 is NOT_SERVING.
  return reply.status === status.OK
    ? `${['UNKNOWN', 'SERVING', 'NOT_SERVING'][Number(reply.message?.['status'])]}`
    : `status ${reply.status}`;
}

test('health reports SERVING for the service and for the whole server', async () => {
  expect(await healthOf(platform.usersAddress, '')).toBe('SERVING');
  expect(await healthOf(platform.usersAddress, 'user.UserService')).toBe('SERVING');
  expect(await healthOf(platform.walletsAddress, 'wallet.WalletService')).toBe('SERVING');
  expect(await healthOf(platform.usersAddress, 'no.Service')).toBe(`status ${status.NOT_FOUND}`);
});

test('health reflects whether the service can answer', async () => {
  let ready = false;
  const users = new Users({ pool: database.pool, wallets: noWallets });
  const service = await startUsersService({
    ...platform.guard,
    address: anywhere,
    users,
    proofs: proofsOf(),
    wallets: closer,
    log: silentLog(),
    ready: () => ready,
  });
  const address = `127.0.0.1:${service.address.port}`;
  try {
    expect(await healthOf(address, 'user.UserService')).toBe('NOT_SERVING');
    ready = true;
    await expect.poll(() => healthOf(address, 'user.UserService')).toBe('SERVING');
    ready = false;
    await expect.poll(() => healthOf(address, 'user.UserService')).toBe('NOT_SERVING');
  } finally {
    await service.stop();
  }
});

test('reflection names the service and returns its contract, so grpcurl needs no files', async () => {
  const reflected = await reflect(platform.walletsAddress, { list_services: '' });
  expect(reflected).toContain('wallet.WalletService');
  expect(reflected).toContain('grpc.health.v1.Health');
  expect(await reflect(platform.usersAddress, { file_containing_symbol: 'user.UserService' })).toContain('GetUserById');
  expect(await reflect(platform.usersAddress, { file_containing_symbol: 'grpc.health.v1.Health' })).toContain('StatusesEntry');
});

test('reflection can be switched off', async () => {
  const users = new Users({ pool: database.pool, wallets: noWallets });
  const service = await startUsersService({
    ...platform.guard,
    address: anywhere,
    users,
    proofs: proofsOf(),
    wallets: closer,
    log: silentLog(),
    ready: () => true,
    reflection: false,
  });
  try {
    const reply = await rawCall(
      `127.0.0.1:${service.address.port}`,
      '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
      framed(Buffer.alloc(0)),
    );
    expect(reply.status).toBe(status.UNIMPLEMENTED);
  } finally {
    await service.stop();
  }
});

test.each([
  ['its own', () => Date.now() + 100, 15_000],
  ["the service's, when it brings none", () => Infinity, 100],
])('a call that takes longer than a deadline is DEADLINE_EXCEEDED: %s', async (_whose, deadline, defaultDeadlineMs) => {
  const opening = Promise.withResolvers<{ status: 'opened' }>();
  const users = new Users({ pool: database.pool, wallets: { ...noWallets, openWallet: () => opening.promise } });
  const service = await startUsersService({
    ...platform.guard,
    address: anywhere,
    users,
    proofs: proofsOf(),
    wallets: closer,
    log: silentLog(),
    ready: () => true,
    defaultDeadlineMs,
  });
  const caller = outsider(`127.0.0.1:${service.address.port}`, 'user.proto', 'user.UserService');
  try {
    const late = await caller.call('CreateUser', { email: `late${defaultDeadlineMs}@example.com`, name: 'L' }, { deadline: deadline() });
    expect(late.status).toBe(status.DEADLINE_EXCEEDED);
  } finally {
    opening.resolve({ status: 'opened' });
    caller.close();
    await service.stop();
  }
});

test('stop finishes the calls in progress and accepts no new ones', async () => {
  const opening = Promise.withResolvers<{ status: 'opened' }>();
  const begun = Promise.withResolvers<void>();
  const openWallet = async () => {
    begun.resolve();
    return await opening.promise;
  };
  const users = new Users({ pool: database.pool, wallets: { ...noWallets, openWallet } });
  const service = await startUsersService({
    ...platform.guard,
    address: anywhere,
    users,
    proofs: proofsOf(),
    wallets: closer,
    log: silentLog(),
    ready: () => true,
  });
  const caller = outsider(`127.0.0.1:${service.address.port}`, 'user.proto', 'user.UserService');
  const reply = caller.call('CreateUser', { email: 'stop@example.com', name: 'S' });
  await begun.promise;
  const stopped = service.stop();
  opening.resolve({ status: 'opened' });
  expect(await reply).toMatchObject({ status: status.OK, message: { email: 'stop@example.com' } });
  await stopped;
  expect(await caller.call('GetUserById', { id: 'x' })).toMatchObject({ status: status.UNAVAILABLE });
  caller.close();
});

test('a port in use is reported in one sentence with its remedy', async () => {
  const [host = '', port] = platform.usersAddress.split(':');
  const users = new Users({ pool: database.pool, wallets: noWallets });
  const started = startUsersService({
    ...platform.guard,
    address: { host, port: Number(port) },
    users,
    proofs: proofsOf(),
    wallets: closer,
    log: silentLog(),
    ready: () => true,
  });
  await expect(started).rejects.toThrow(OperatorError);
  await expect(started).rejects.toMatchObject({
    remedy: `Stop that program, or move Coffer with USER_SERVICE_URL=${host}:<another port>.`,
  });
});

test('the output of the generated codecs matches the .proto files', () => {
  const message = { id: 'an id', email: '', name: 'Zoë 😀', createdAt: '2026-01-31T12:00:00.000Z' };
  const definition = loadSync('user.proto', { includeDirs: ['packages/proto'], defaults: true })['user.UserService'];
  const method = (definition as Record<string, { path: string; responseDeserialize(bytes: Buffer): object }>)['CreateUser'];
  expect(method?.path).toBe(userService.createUser.path);
  expect(method?.responseDeserialize(userService.createUser.response.encode(message))).toEqual(message);
});

/** Sends one request to the reflection service; returns the answer's bytes as text, to search for names. */
async function reflect(address: string, question: { list_services: string } | { file_containing_symbol: string }): Promise<string> {
  const client = new Client(address, credentials.createInsecure());
  const [field, text] = 'list_services' in question ? [7, question.list_services] : [4, question.file_containing_symbol];
  const request = Buffer.concat([Buffer.from([field * 8 + 2, text.length]), Buffer.from(text)]);
  const pass = (bytes: Buffer) => bytes;
  const stream = client.makeBidiStreamRequest('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', pass, pass, new Metadata(), {});
  const answers: Buffer[] = [];
  stream.on('data', (bytes: Buffer) => answers.push(bytes));
  stream.write(request);
  stream.end();
  await new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject));
  client.close();
  return Buffer.concat(answers).toString('latin1');
}
