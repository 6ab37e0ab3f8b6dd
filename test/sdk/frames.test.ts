// The client parses Server-Sent Events according to the standard, whatever the chunk boundaries.
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader } from '../../packages/client/src/frames.ts';
import type { Frame } from '../../packages/client/src/frames.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

function read(reader: FrameReader, chunks: readonly Uint8Array[]): Frame[] {
  return chunks.flatMap((chunk) => reader.feed(chunk) ?? []);
}

function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).toSorted((one, other) => one - other), bytes.length];
  return sorted.slice(1).map((end, at) => bytes.slice(sorted[at], end));
}

test('a frame yields its data and the next cursor, one without data only the cursor, and a comment nothing', () => {
  const reader = new FrameReader();
  const text = 'retry: 2000\n\nid: 1-1\n\n:\n\nid: 2-1\ndata: {"a":\ndata: 1}\n\ndata: the place before\n\nid: cut off\ndata: too';
  expect(read(reader, [bytesOf(text)])).toEqual([
    { id: '1-1', data: undefined },
    { id: '2-1', data: '{"a":\n1}' },
    { id: '2-1', data: 'the place before' },
  ]);
  expect(reader.retryMs).toBe(2_000);
  expect(read(reader, [bytesOf('\n\n')])).toEqual([{ id: 'cut off', data: 'too' }]);
});

test('an endless line is rejected as an event stream', () => {
  const reader = new FrameReader();
  const chunk = bytesOf('x'.repeat(1_048_576));
  const told = Array.from({ length: 10 }, () => reader.feed(chunk));
  expect([told[0], told.at(-1)]).toEqual([[], null]);
});

test('it agrees with another parser at every chunk boundary: 1,000 streams', () => {
  const part = fc.constantFrom(
    'id: 1-2',
    'id:',
    'id: a\0b',
    'data: schön 😀',
    'data:x',
    'data',
    ':',
    ': hello',
    'retry: 70',
    'retry: no',
    'strange',
    '',
  );
  const lines = fc.array(fc.tuple(part, fc.constantFrom('\n', '\r\n', '\r')), { maxLength: 40 });
  fc.assert(
    fc.property(lines, fc.array(fc.nat(2_000), { maxLength: 20 }), fc.boolean(), (given, places, hasMark) => {
      const bytes = bytesOf(`${hasMark ? '\uFEFF' : ''}${given.map((line) => line.join('')).join('')}\n\n`);
      const reader = new FrameReader();
      const told = read(reader, cutAt(bytes, places)).flatMap(({ data }) => data ?? []);
      const expected: string[] = [];
      let retryMs: number | undefined;
      const parser = createParser({ onEvent: ({ data }) => expected.push(data), onRetry: (ms) => (retryMs = ms) });
      parser.feed(new TextDecoder().decode(bytes));
      expect(told).toEqual(expected);
      expect(reader.retryMs).toBe(retryMs);
    }),
    { numRuns: 1_000 },
  );
});
