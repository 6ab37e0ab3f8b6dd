import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { slowSuites } from '../test/slow.ts';

const root = path.resolve(import.meta.dirname, '..');

test('each slow suite is a file, so that none becomes a fast one by being moved', () => {
  expect(slowSuites.filter((file) => !fs.existsSync(path.join(root, file)))).toEqual([]);
  expect(slowSuites).toEqual([...new Set(slowSuites)].toSorted());
});
