// The complete product over gRPC and REST on one ledger, so that tests can compare the answers of both.
import { openApprovalRunner } from '../../packages/coffer/src/compose/approvals.ts';
import { ChangeLog } from '../../packages/coffer/src/audit/index.ts';
import { createCommands } from '../../packages/coffer/src/operations/index.ts';
import { Webhooks } from '../../packages/coffer/src/webhooks/index.ts';
import { status } from '@grpc/grpc-js';
import { expect } from 'vitest';
import { LogTail, openBroker } from '../../packages/coffer/src/events/index.ts';
import { listenHttp } from '../../packages/coffer/src/gateway/index.ts';
import { Factors, Proofs, Subjects } from '../../packages/coffer/src/identity/index.ts';
import { openInsights } from '../../packages/coffer/src/insights/index.ts';
import { assert, silentLog } from '../../packages/coffer/src/kernel/index.ts';
import { SetAsides } from '../../packages/coffer/src/projections/index.ts';
import { Reports } from '../../packages/coffer/src/reports/index.ts';
import { Requests } from '../../packages/coffer/src/requests/index.ts';
import { seedDemo } from '../../packages/coffer/src/compose/seed.ts';
import { outsider } from './outsider.ts';
import type { Reply } from './outsider.ts';
import { startPlatform } from './platform.ts';
import type { Platform } from './platform.ts';

/** A decoded message: int64 as text, absent messages null, absent optional fields missing. */
export type Message = { readonly [field: string]: Field };
export type Field = string | number | boolean | null | Message | readonly Field[];

/** A field that is text, or an int64. */
export function textOf(field: Field | undefined): string {
  return typeof field === 'string' ? field : '';
}

export type Both = {
  readonly platform: Platform;
  /** Calls ledger.LedgerService. */
  call(name: string, request: object, authorization?: string): Promise<Reply>;
  /** The answer of a call that must succeed. */
  ask(name: string, request: object): Promise<Message>;
  /** Posts operations and returns their results. */
  post(operations: readonly object[], more?: object): Promise<Message[]>;
  rest(
    method: string,
    path: string,
    body?: object,
    authorization?: string,
  ): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }>;
  login(userId: string): Promise<string>;
  stop(): Promise<void>;
};

export async function startBoth(options: Parameters<typeof startPlatform>[0] = {}): Promise<Both> {
  const platform = await startPlatform(options);
  const { database, ledger, queries, find, users, sessions, apiKeys, guard } = platform;
  await seedDemo(database.pool, ledger);
  const asset = ledger.assets.find('USD');
  assert(asset, 'the migrations bring USD');
  const { url, pool } = database;
  const broker = await openBroker({ peers: { rabbitmqUrl: undefined }, url, pool, ledger, log: silentLog() });
  const { approvals, metadata } = platform;
  const { access } = guard;
  const gate = access.mode === 'required' ? approvals : undefined;
  const commands = createCommands({
    ledger,
    defaultAsset: asset,
    isPayoutDecided: options.isPayoutDecided ?? false,
    approvals: gate,
    metadata,
  });
  const requests = new Requests(database.pool, metadata);
  const listener = await listenHttp(
    {
      apiKeys,
      access,
      changes: new ChangeLog(database.pool),
      tail: new LogTail({ ledger, log: silentLog(), metadata }),
      setAsides: new SetAsides({ pool, ledger, log: silentLog(), projections: [] }),
      webhooks: new Webhooks({ pool: database.pool, ledger, allowPrivate: false }),
      insights: openInsights(database.pool, ledger),
      queries,
      find,
      requests,
      users,
      proofs: new Proofs({ pool, delivery: 'operator', signUp: 'open' }),
      sessions,
      factors: new Factors({ pool, factorKey: 'a factor key of at least thirty-two bytes' }),
      subjects: new Subjects(pool),
      assets: ledger.assets,
      chart: ledger.chart,
      reports: new Reports(ledger),
      defaultAsset: asset.code,
      demo: true,
      swaggerEnabled: false,
      commands,
      approvals,
      approvalRunner: openApprovalRunner({ pool, log: silentLog(), approvals, commands, queries, requests, assets: ledger.assets }),
      projections: () => Promise.resolve([]),
      deadLetters: broker.deadLetters,
      ready: () => ledger.ready,
      log: silentLog(),
    },
    { host: '127.0.0.1', port: 0 },
  );
  const client = outsider(platform.walletsAddress, 'ledger.proto', 'ledger.LedgerService');
  const both: Both = {
    platform,
    call: (name, request, authorization) => client.call(name, request, authorization === undefined ? {} : { metadata: { authorization } }),
    ask: async (name, request) => {
      const { status: told, details, message } = await both.call(name, request);
      expect([told, details]).toEqual([status.OK, 'OK']);
      return message as unknown as Message;
    },
    post: async (operations, more) => {
      const { results } = await both.ask('Post', { operations, ...more });
      return results as readonly Field[] as Message[];
    },
    rest: async (method, path, body, authorization) => {
      const answer = await fetch(`${listener.url}${path}`, {
        method,
        headers: { ...(body && { 'content-type': 'application/json' }), ...(authorization !== undefined && { authorization }) },
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
    },
    login: async (userId) => `Bearer ${String((await both.rest('POST', '/auth/login', { user_id: userId })).body['token'])}`,
    stop: async () => {
      client.close();
      await listener.stop();
      await platform.stop();
    },
  };
  return both;
}
