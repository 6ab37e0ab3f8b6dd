// "Send" on the documentation page works: every example of the document, in order, on a fresh demo.
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { examples } from '../../packages/coffer/src/gateway/http/openapi-examples.ts';
import { startWatched } from '../observe/watched.ts';
import { misfit, operationsOf } from './openapi.ts';
import type { Described, Document } from './openapi.ts';
import { alice } from './product.ts';
import type { TestProduct } from './product.ts';

const document = JSON.parse(fs.readFileSync(path.resolve(import.meta.dirname, '../../docs/openapi.json'), 'utf8')) as Document;
// A stream does not end, and an internet address cannot be resolved here.
const ending = operationsOf(document).filter(({ operation }) => !operation.responses['200']?.content?.['text/event-stream']);
const tried = ending.filter(({ operation }) => operation.operationId !== 'createWebhook');

let coffer: TestProduct;
let asAlice: Record<string, string>;
let asAdmin: Record<string, string>;
beforeAll(async () => {
  coffer = await startWatched();
  asAlice = await coffer.login(alice);
});
afterAll(async () => {
  await coffer.stop();
});

test.each(tried.map((described) => [described.operation.operationId, described] as const))('%s', async (name, described) => {
  const { method, operation } = described;
  // From the first staff-only operation on, the caller is an admin.
  if (name === 'listUsers') await becomeAdmin();
  const headers = needsLogin(described) ? (asAdmin && isOfStaff(name) ? asAdmin : asAlice) : {};
  const answer = await coffer.call(method, pathOf(described), operation.requestBody?.content['application/json']?.example, headers);
  const expected = examples[name]?.answers;
  const told = [name, answer.status, answer.text.slice(0, 300)];
  expect([...told, expected === undefined ? answer.status < 300 : answer.status === expected]).toEqual([...told, true]);
  const type = answer.headers.get('content-type') ?? '';
  expect(misfit(document, operation, answer.status, type, type.includes('json') ? answer.body : answer.text)).toBeNull();
});

test('every body has an example, and no example carries an idempotency key', () => {
  const bodies = operationsOf(document).flatMap(({ operation }) => operation.requestBody?.content['application/json'] ?? []);
  expect(bodies.filter(({ example }) => example === undefined)).toEqual([]);
  expect(JSON.stringify(bodies.map(({ example }) => example))).not.toMatch(/requestId|txId|payment_id/);
});

async function becomeAdmin(): Promise<void> {
  const admin = { email: 'admin@example.com', password: 'correct horse battery staple' };
  const made = await coffer.call('POST', '/users/signup', { ...admin, name: 'Admin' });
  await coffer.product.users.setRole(String(made.body['id']), 'admin', 'cli');
  asAdmin = { authorization: `Bearer ${String((await coffer.call('POST', '/users/login', admin)).body['token'])}` };
}

function isOfStaff(name: string): boolean {
  return !/My|Me$|^(topUp|spend|logOut)$/.test(name);
}

function needsLogin({ operation: { security = [] } }: Described): boolean {
  return security.length > 0 && !security.some((choice) => Object.keys(choice).length === 0);
}

/** Fills in the examples of the required parameters. */
function pathOf({ path: template, operation }: Described): string {
  const isGiven = (one: { readonly in: string; readonly example?: unknown }) => one.in === 'query' && one.example !== undefined;
  const required = (operation.parameters ?? []).filter((parameter) => parameter.required || isGiven(parameter));
  const valueOf = ({ name, example }: (typeof required)[number]) => {
    expect([name, typeof example]).toEqual([name, 'string']);
    return encodeURIComponent(String(example));
  };
  const filled = required.reduce((text, parameter) => text.replace(`{${parameter.name}}`, () => valueOf(parameter)), template);
  const query = required.filter((parameter) => parameter.in === 'query').map((parameter) => `${parameter.name}=${valueOf(parameter)}`);
  return query.length === 0 ? filled : `${filled}?${query.join('&')}`;
}
