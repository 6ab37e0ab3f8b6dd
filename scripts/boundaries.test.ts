import { expect, test } from 'vitest';
import { arrows, importsOf, packagesImported, whyForbidden } from './boundaries.ts';

const from = (file: string, target: string) => whyForbidden({ file, line: 1, target });

test('arrows go one way', () => {
  expect(from('packages/coffer/src/wallets/open.ts', 'packages/coffer/src/ledger/index.ts')).toBeUndefined();
  expect(from('packages/coffer/src/ledger/decide.ts', 'packages/coffer/src/wallets/index.ts')).toContain(
    'ledger may import kernel, database, background',
  );
  expect(from('packages/coffer/src/kernel/log.ts', 'packages/coffer/src/database/index.ts')).toContain('kernel may import nothing');
  expect(from('packages/coffer/src/identity/users.ts', 'packages/coffer/src/ledger/index.ts')).toContain('identity may import');
  expect(from('packages/coffer/src/wallets/open.ts', 'packages/coffer/src/compose/main.ts')).toContain('none of them may import it');
  expect(from('packages/coffer/src/cli/commands/keys.ts', 'packages/coffer/src/database/index.ts')).toContain('wires nothing');
  expect(from('packages/coffer/src/compose/main.ts', 'packages/coffer/src/cli/main.ts')).toContain('none of them may import it');
});

test('the table of arrows has no cycle', () => {
  const order = Object.keys(arrows);
  for (const [folder, allowed] of Object.entries(arrows)) {
    for (const target of allowed) expect(order.indexOf(target), `${folder} -> ${target}`).toBeGreaterThanOrEqual(0);
    expect(reach(folder)).not.toContain(folder);
  }
});

function reach(folder: string, seen = new Set<string>()): Set<string> {
  for (const target of arrows[folder] ?? []) {
    if (seen.has(target)) continue;
    seen.add(target);
    reach(target, seen);
  }
  return seen;
}

test('a folder is entered through its door, from inside and outside', () => {
  expect(from('packages/coffer/src/wallets/open.ts', 'packages/coffer/src/ledger/writer.ts')).toContain('through its door');
  expect(from('packages/coffer/src/compose/main.ts', 'packages/coffer/src/ledger/writer.ts')).toContain('through its door');
  expect(from('packages/coffer/src/cli/main.ts', 'packages/embedded-postgres/src/index.ts')).toContain('does not import');
  expect(from('packages/coffer/src/database/open.ts', 'packages/embedded-postgres/src/start.ts')).toContain('through its door');
  expect(from('packages/coffer/src/ledger/writer.ts', 'packages/coffer/src/ledger/batch.ts')).toBeUndefined();
  expect(from('packages/coffer/src/database/open.ts', 'packages/embedded-postgres/src/index.ts')).toBeUndefined();
  expect(from('packages/coffer/src/cli/commands/start.ts', 'packages/coffer/src/compose/main.ts')).toBeUndefined();
  expect(from('packages/coffer/src/compose/main.ts', 'packages/coffer/src/compose/seed.ts')).toBeUndefined();
  expect(from('packages/coffer/src/compose/main.ts', 'packages/coffer/src/gateway/grpc/index.ts')).toBeUndefined();
});

test('the client is standalone, and only HTTP clients use it', () => {
  expect(from('packages/client/src/caller.ts', 'packages/client/src/keys.ts')).toBeUndefined();
  expect(from('packages/coffer/src/cli/monkey/load.ts', 'packages/client/src/index.ts')).toBeUndefined();
  expect(from('test/sdk/client.test.ts', 'packages/client/src/keys.ts')).toBeUndefined();
  expect(from('packages/client/src/keys.ts', 'packages/coffer/src/kernel/index.ts')).toContain('is standalone');
  expect(from('packages/coffer/src/cli/monkey/load.ts', 'packages/client/src/caller.ts')).toContain('through its door');
  expect(from('packages/coffer/src/gateway/http/app.ts', 'packages/client/src/index.ts')).toContain('does not import packages/client:');
  expect(from('packages/coffer/src/compose/main.ts', 'packages/client/src/index.ts')).toContain('does not import packages/client:');
  const [found] = packagesImported('packages/client/src/keys.ts', `import { a } from './a.ts';\nimport { randomUUID } from 'node:crypto';`);
  expect(found && [found.line, found.target, whyForbidden(found)]).toEqual([2, 'node:crypto', expect.stringContaining('is standalone')]);
});

test('the embedded PostgreSQL is standalone, including its tests, and only the database folder uses it', () => {
  const [source, test] = ['packages/embedded-postgres/src/embedded.ts', 'packages/embedded-postgres/test/ownership.test.ts'];
  for (const file of [source, test]) {
    expect(from(file, 'packages/embedded-postgres/src/home.ts')).toBeUndefined();
    expect(from(file, 'packages/coffer/src/kernel/index.ts')).toContain('is standalone');
    expect(from(file, 'test/support/server.ts')).toContain('is standalone');
  }
  expect(from('packages/coffer/src/database/embedded.ts', 'packages/embedded-postgres/src/index.ts')).toBeUndefined();
  expect(from('packages/coffer/src/compose/main.ts', 'packages/embedded-postgres/src/index.ts')).toContain('does not import');
  expect(from('test/support/server.ts', 'packages/embedded-postgres/src/process.ts')).toBeUndefined();
});

test('an unlisted folder may import nothing', () => {
  expect(from('packages/coffer/src/novelty/index.ts', 'packages/coffer/src/kernel/index.ts')).toContain('has no place in the arrows');
});

test('every form of import is found, with its line', () => {
  const source = [
    `import a from './a.ts';`,
    `import type { B,`,
    `  C } from "../b/index.ts";`,
    `export { d } from './d.ts'; export * from './e.ts';`,
    `import './f.ts';`,
    `const g = await import('./g.ts');`,
    `import fs from 'node:fs';`,
  ].join('\n');
  expect(importsOf('packages/coffer/src/x/y.ts', source).map(({ line, target }) => `${line} ${target}`)).toEqual([
    '1 packages/coffer/src/x/a.ts',
    '3 packages/coffer/src/b/index.ts',
    '4 packages/coffer/src/x/d.ts',
    '4 packages/coffer/src/x/e.ts',
    '5 packages/coffer/src/x/f.ts',
    '6 packages/coffer/src/x/g.ts',
  ]);
});
