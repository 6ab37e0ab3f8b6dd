import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');

/** Lints files in an empty folder with the repository's rules. Returns the names of the violated rules. */
function lint(files: Readonly<Record<string, string>>): string[] {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-lint-'));
  try {
    for (const [name, source] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), source);
    const program = path.join(root, 'node_modules/oxlint/bin/oxlint');
    const run = spawnSync(process.execPath, [program, '--format', 'json', '--config', path.join(root, '.oxlintrc.json'), folder], {
      encoding: 'utf8',
    });
    const { diagnostics } = JSON.parse(run.stdout) as { diagnostics: { code: string }[] };
    return diagnostics.map(({ code }) => code);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

test('an import cycle is an error, even of types alone', () => {
  const a = `import type { B } from './b.ts';\nexport type A = { b: B };\n`;
  const circle = lint({ 'a.ts': a, 'b.ts': `import type { A } from './a.ts';\nexport type B = { a: A | null };\n` });
  expect(circle).toEqual(['import(no-cycle)', 'import(no-cycle)']);
  expect(lint({ 'a.ts': a, 'b.ts': 'export type B = { a: null };\n' })).toEqual([]);
});
