import { afterEach, expect, test, vi } from 'vitest';
import { isUuid, newId } from './ids.ts';

afterEach(() => vi.useRealTimers());

const timeOf = (id: string) => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

test('an id is a UUID of version 7 and variant 10 with its creation time', () => {
  const before = Date.now();
  const ids = Array.from({ length: 1_000 }, newId);
  const after = Date.now();
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(isUuid(id)).toBe(true);
    expect(timeOf(id)).toBeGreaterThanOrEqual(before);
    expect(timeOf(id)).toBeLessThanOrEqual(after);
  }
});

test('ids increase in order of creation, even within a millisecond', () => {
  vi.useFakeTimers({ now: Date.now() + 1_000 });
  const ids = Array.from({ length: 100_000 }, newId);
  expect(new Set(ids.map(timeOf)).size).toBe(1);
  expect(ids.every((id, at) => at === 0 || id > (ids[at - 1] ?? ''))).toBe(true);
});

test('a clock that goes back creates no smaller id', () => {
  vi.useFakeTimers({ now: Date.now() + 5_000 });
  const first = newId();
  vi.setSystemTime(Date.now() - 60_000);
  const second = newId();
  expect(second > first).toBe(true);
  expect(timeOf(second)).toBe(timeOf(first));
});

test('the time has room for years to come', () => {
  vi.useFakeTimers({ now: new Date('9999-12-31T23:59:59.999Z') });
  expect(timeOf(newId())).toBe(Date.parse('9999-12-31T23:59:59.999Z'));
});

test('the random part differs from id to id in every position', () => {
  const tails = Array.from({ length: 2_000 }, () => newId().slice(24));
  expect(new Set(tails).size).toBe(tails.length);
  for (let position = 1; position < 12; position++) expect(new Set(tails.map((tail) => tail[position])).size).toBe(16);
});

test.each(['', 'x', '01a1fbef-d7cf-76d2-89d5-0538a772f21', '01A1FBEF-D7CF-76D2-89D5-0538A772F218'])('"%s" is not a UUID', (text) => {
  expect(isUuid(text)).toBe(false);
});
