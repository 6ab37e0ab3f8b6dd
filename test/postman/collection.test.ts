import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationsOf } from '../http/openapi.ts';
import type { Document } from '../http/openapi.ts';
import { startWatched } from '../observe/watched.ts';
import type { TestProduct } from '../http/product.ts';
import { PostmanRunner } from '../support/postman.ts';
import type { PostmanCollection } from '../support/postman.ts';

const read = (name: string) => JSON.parse(fs.readFileSync(path.resolve(import.meta.dirname, `../../docs/${name}.json`), 'utf8')) as unknown;
const collection = read('postman') as PostmanCollection;
const document = read('openapi') as Document;
const [flow, ...folders] = collection.item;
const items = folders.flatMap(({ item }) => item);

let product: TestProduct;
let runner: PostmanRunner;
beforeAll(async () => {
  product = await startWatched();
  runner = new PostmanRunner(collection, { baseUrl: product.url });
});
afterAll(async () => {
  await product.stop();
});

describe('the collection', () => {
  it('has the format that Postman imports', () => {
    expect(collection.info).toMatchObject({
      name: 'Coffer',
      schema: expect.stringMatching(/\/collection\/v2\.1\.0\/collection\.json$/) as unknown,
    });
    const ids = collection.item.flatMap(({ item }) => item.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of [collection.info._postman_id, ...ids])
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    for (const { name, request } of collection.item.flatMap(({ item }) => item)) {
      expect([name, request.url.raw.startsWith(`{{baseUrl}}/${request.url.path.join('/')}`)]).toEqual([name, true]);
      expect(request.url.variable.map(({ key }) => `:${key}`).toSorted()).toEqual(
        request.url.path.filter((part) => part.startsWith(':')).toSorted(),
      );
    }
  });

  it('has each operation of the API once, in the folder of its tag', () => {
    // An event stream does not end, so the collection leaves it out.
    const ending = operationsOf(document).filter(({ operation }) => !operation.responses['200']?.content?.['text/event-stream']);
    const described = ending.map(({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`);
    const present = items.map(({ request }) => `${request.method} /${request.url.path.join('/')}`);
    expect(present.toSorted()).toEqual(described.toSorted());
  });

  it('uses only variables that it defines', () => {
    const set = [...JSON.stringify(collection).matchAll(/collectionVariables\.set\(\\"(\w+)/g)].map(([, name]) => name);
    const known = new Set([...collection.variable.map(({ key }) => key), '$guid', '$isoTimestamp', ...set]);
    for (const [, name] of JSON.stringify(collection).matchAll(/\{\{([$\w]+)\}\}/g)) expect(known).toContain(name);
  });
});

it('the flow creates a user with a wallet, credits it, debits it, and reads the remaining balance', async () => {
  const tests: string[] = [];
  for (const item of flow?.item ?? []) tests.push(...(await runner.run(item)).tests);
  expect(tests).toEqual([
    'succeeds',
    'succeeds',
    'succeeds',
    'one wallet came with the user, and it is empty',
    'succeeds',
    'the balance is 500',
    'succeeds',
    'the balance is 300',
    'succeeds',
    'the balance is 300',
  ]);
});

describe('each request', () => {
  let adminToken: string;
  beforeAll(async () => {
    const admin = { email: 'admin@example.com', password: 'correct horse battery staple' };
    const made = await product.call('POST', '/users/signup', { ...admin, name: 'Admin' });
    await product.product.users.setRole(String(made.body['id']), 'admin', 'cli');
    adminToken = String((await product.call('POST', '/users/login', admin)).body['token']);
  });
  const byName = new Map(items.map((item) => [`${item.request.method} /${item.request.url.path.join('/')}`, item]));
  // After a logout and after a deletion, the token allows no further requests.
  const last = ['POST /auth/logout', 'DELETE /users/me'];
  const inOrder = [...byName].toSorted(([a], [b]) => last.indexOf(a) - last.indexOf(b));

  it.each(inOrder)('%s passes its own assertions', async (name, item) => {
    const isOfStaff = /^\w+ \/(keys|webhooks|dead-letters|audit|metrics|users$|users\/:userId)/.test(name);
    if (isOfStaff) runner.set('token', adminToken);
    else if (/\/users\/me$|\/auth\/(sessions|logout)/.test(name)) await runner.run(byName.get('POST /users/login') ?? item);
    expect((await runner.run(item)).tests).toHaveLength(1);
  });
});

it('the whole collection passes its own assertions when run in order against a fresh demo', async () => {
  const fresh = await startWatched();
  try {
    const whole = new PostmanRunner(collection, { baseUrl: fresh.url });
    for (const item of collection.item.flatMap(({ item: inFolder }) => inFolder)) {
      const { tests, failed } = await whole.run(item).then(
        (ran) => ({ tests: ran.tests.length, failed: '' }),
        (failure: unknown) => ({ tests: 0, failed: String(failure) }),
      );
      expect([item.name, tests > 0, failed]).toEqual([item.name, true, '']);
    }
  } finally {
    await fresh.stop();
  }
});
