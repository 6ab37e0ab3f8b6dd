import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { slowSuites } from '../test/slow.ts';

const root = path.resolve(import.meta.dirname, '..');

test('every listed slow suite exists, so that moving one does not make it a fast one', () => {
  expect(slowSuites.filter((file) => !fs.existsSync(path.join(root, file)))).toEqual([]);
  expect(slowSuites).toEqual([...new Set(slowSuites)].toSorted());
});
