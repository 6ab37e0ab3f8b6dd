import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { longerSuites, slowSuites } from '../test/slow.ts';

const root = path.resolve(import.meta.dirname, '..');

test('every listed slow suite exists, so that moving one does not make it a fast one', () => {
  for (const suites of [slowSuites, longerSuites]) {
    expect(suites.filter((file) => !fs.existsSync(path.join(root, file)))).toEqual([]);
    expect(suites).toEqual([...new Set(suites)].toSorted());
  }
});

test('every suite that has more rounds in the slow project is in it', () => {
  const suites = fs.globSync('{packages,test,bench}/**/*.test.ts', { cwd: root, exclude: ['**/node_modules/**'] });
  const inRounds = suites.filter((file) => fs.readFileSync(path.join(root, file), 'utf8').includes('/rounds.ts'));
  expect(inRounds.toSorted()).toEqual(longerSuites);
});
