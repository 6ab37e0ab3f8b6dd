/** Records of what people and services change outside the ledger, in the transaction of the change. */
import type pg from 'pg';
import { inTransaction } from '../database/index.ts';
import { currentRequest, jsonWithoutSecrets } from '../kernel/index.ts';

/** `before` and `after`: the parts that changed, without personal text; secrets in them are redacted. */
export type NewChange = {
  /** `<what>.<verb>`, such as `webhooks.update`. */
  readonly kind: `${string}.${string}`;
  /** The id of what was changed. */
  readonly subject: string;
  readonly before?: object | undefined;
  readonly after?: object | undefined;
};

/** Coffer itself, where no request caused the change. */
const itself = 'coffer';

/**
 * Adds the record of a change to the caller's transaction. The actor is that of the current request or command. Call it last in the
 * transaction: it holds the lock of the chain until the commit.
 */
export async function recordChange(client: pg.ClientBase | pg.Pool, { kind, subject, before, after }: NewChange): Promise<void> {
  const request = currentRequest();
  await client.query({
    name: 'audit change',
    text: 'select audit.record_change($1, $2, $3, $4, $5, $6)',
    values: [kind, subject, jsonOf(before), jsonOf(after), request?.actor ?? itself, request?.requestId],
  });
}

/** Runs `work` and records what it changed in one transaction; `changeOf` returns null for a result that changed nothing. */
export async function inRecordedChange<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  changeOf: (result: T) => NewChange | null,
): Promise<T> {
  return await inTransaction(pool, async (client) => {
    const result = await work(client);
    const change = changeOf(result);
    if (change) await recordChange(client, change);
    return result;
  });
}

function jsonOf(value: object | undefined): string | null {
  return value === undefined ? null : jsonWithoutSecrets(value);
}
