// Any body sent to an operation that reads one gets an answer that the document describes.
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { useCoffer } from './fixture.ts';
import { misfit, operationsOf } from './openapi.ts';
import type { Document } from './openapi.ts';
import { alice } from './product.ts';

const file = path.resolve(import.meta.dirname, '../../docs/openapi.json');
const document = JSON.parse(fs.readFileSync(file, 'utf8')) as Document;
const operations = operationsOf(document).map((described) => [described.operation.operationId, described] as const);
const bodied = operations.filter(([, { method }]) => method !== 'GET');

const { coffer, expectRefused } = useCoffer();
let admin: Record<string, string>;
beforeAll(async () => {
  await coffer.product.users.setRole(alice, 'admin', 'cli');
  admin = await coffer.login(alice);
});

const tooMuch = Buffer.alloc(1_048_577, ' ');

test.each(bodied)(
  '%s refuses a body that is too large, compressed, not JSON, ambiguous or too deep, with a documented answer',
  async (_name, described) => {
    const { method, path, operation } = described;
    const send = async (body: string | Buffer, headers: Record<string, string> = {}) =>
      await coffer.call(method, path.replaceAll(/\{\w+\}/g, '1-1'), body, { ...admin, ...headers });
    for (const [status, answer] of [
      [413, await send(tooMuch)],
      [415, await send('amount=1', { 'content-type': 'application/x-www-form-urlencoded' })],
      [415, await send('{}', { 'content-encoding': 'gzip' })],
      [400, await send('{"amount":1,"amount":2}')],
      // Short enough for bodies that need no credentials.
      [400, await send(`${'{"reason":'.repeat(2_500)}1${'}'.repeat(2_500)}`)],
      [400, await send('{"reason":"\\u0000"}')],
    ] as const) {
      await expectRefused(answer, status);
      expect(misfit(document, operation, status, answer.headers.get('content-type') ?? '', answer.body)).toBeNull();
    }
  },
);

test.each(operations)('%s documents its answers to an unknown query parameter and during a database outage', async (_name, described) => {
  const { method, path, operation } = described;
  const where = `${path.replaceAll(/\{\w+\}/g, '1-1')}?surprise=1`;
  const answer = await coffer.call(method, where, undefined, admin);
  await expectRefused(answer);
  expect(misfit(document, operation, 400, answer.headers.get('content-type') ?? '', answer.body)).toBeNull();
  expect(Object.keys(operation.responses)).toContain('503');
});
