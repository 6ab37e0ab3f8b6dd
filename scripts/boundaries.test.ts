import { expect, test } from 'vitest';
import { arrows, importsOf, packagesImported, whyForbidden } from './boundaries.ts';

const from = (file: string, target: string) => whyForbidden({ file, line: 1, target });

test('arrows go one way', () => {
  expect(from('server/wallets/open.ts', 'server/ledger/index.ts')).toBeUndefined();
  expect(from('server/ledger/decide.ts', 'server/wallets/index.ts')).toContain('ledger may import kernel, database');
  expect(from('server/kernel/log.ts', 'server/database/index.ts')).toContain('kernel may import nothing');
  expect(from('server/identity/users.ts', 'server/ledger/index.ts')).toContain('identity may import');
  expect(from('server/wallets/open.ts', 'server/main.ts')).toContain('none of them may import it');
});

test('no circle hides in the table of arrows', () => {
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

test('a folder is entered through its door, from inside and outside of server/', () => {
  expect(from('server/wallets/open.ts', 'server/ledger/writer.ts')).toContain('through its door');
  expect(from('server/main.ts', 'server/ledger/writer.ts')).toContain('through its door');
  expect(from('cli/main.ts', 'server/database/embedded/index.ts')).toContain('through its door');
  expect(from('server/ledger/writer.ts', 'server/ledger/batch.ts')).toBeUndefined();
  expect(from('server/database/open.ts', 'server/database/embedded/index.ts')).toBeUndefined();
  expect(from('cli/commands/start.ts', 'server/main.ts')).toBeUndefined();
  expect(from('server/main.ts', 'server/seed.ts')).toBeUndefined();
  expect(from('server/main.ts', 'server/gateway/grpc/index.ts')).toBeUndefined();
});

test('the client stands alone, and only what speaks HTTP uses it', () => {
  expect(from('sdk/caller.ts', 'sdk/keys.ts')).toBeUndefined();
  expect(from('cli/monkey/load.ts', 'sdk/index.ts')).toBeUndefined();
  expect(from('test/sdk/client.test.ts', 'sdk/keys.ts')).toBeUndefined();
  expect(from('sdk/keys.ts', 'server/kernel/index.ts')).toContain('shipped alone');
  expect(from('cli/monkey/load.ts', 'sdk/caller.ts')).toContain('through its door');
  expect(from('server/gateway/http/app.ts', 'sdk/index.ts')).toContain('does not import the client');
  expect(from('server/main.ts', 'sdk/index.ts')).toContain('does not import the client');
  const [found] = packagesImported('sdk/keys.ts', `import { a } from './a.ts';\nimport { randomUUID } from 'node:crypto';`);
  expect(found && [found.line, found.target, whyForbidden(found)]).toEqual([2, 'node:crypto', expect.stringContaining('shipped alone')]);
});

test('a folder that nobody placed may import nothing', () => {
  expect(from('server/novelty/index.ts', 'server/kernel/index.ts')).toContain('has no place in the arrows');
});

test('every form of import is seen, with its line', () => {
  const source = [
    `import a from './a.ts';`,
    `import type { B,`,
    `  C } from "../b/index.ts";`,
    `export { d } from './d.ts'; export * from './e.ts';`,
    `import './f.ts';`,
    `const g = await import('./g.ts');`,
    `import fs from 'node:fs';`,
  ].join('\n');
  expect(importsOf('server/x/y.ts', source).map(({ line, target }) => `${line} ${target}`)).toEqual([
    '1 server/x/a.ts',
    '3 server/b/index.ts',
    '4 server/x/d.ts',
    '4 server/x/e.ts',
    '5 server/x/f.ts',
    '6 server/x/g.ts',
  ]);
});
