import { expect, test } from 'vitest';
import { retryAfterIn } from './retry-after.ts';

const date = 'Sun, 06 Nov 1994 08:49:37 GMT';

test('Retry-After is heeded in seconds and in each form of a date, counted from the date of the answer', () => {
  expect(retryAfterIn({ 'retry-after': '120' })).toBe(120);
  for (const until of ['Sun, 06 Nov 1994 08:51:37 GMT', 'Sunday, 06-Nov-94 08:51:37 GMT', 'Sun Nov  6 08:51:37 1994'])
    expect(retryAfterIn({ 'retry-after': until, date }, 0)).toBe(120);
});

test('without a Date header, the date of Retry-After counts from now, and one in the past means no wait', () => {
  expect(retryAfterIn({ 'retry-after': date }, Date.parse(date) - 1_500)).toBe(2);
  expect(retryAfterIn({ 'retry-after': date }, Date.parse(date) + 1_500)).toBe(0);
});

test('anything else is ignored', () => {
  for (const given of ['', 'soon', '-1', '1.5', '1e3', '2026-11-28', 'Sun, 99 Nov 1994 08:49:37 GMT', '9999999'])
    expect(retryAfterIn({ 'retry-after': given, date })).toBeUndefined();
});
