import { once } from 'node:events';
import { expect, test } from 'vitest';
import { EventStream } from './event-stream.ts';

test('buffers unread frames up to a limit, and has room again once they are read', async () => {
  const stream = new EventStream(10, 5_000);
  expect([stream.write('12345'), stream.write('67890')]).toEqual([true, false]);
  let hasRoom = false;
  const room = stream.room().then((there) => (hasRoom = there));
  await new Promise((resolve) => setImmediate(resolve));
  expect(hasRoom).toBe(false);
  expect(String(stream.read())).toBe('1234567890');
  await room;
  expect(hasRoom).toBe(true);
  expect(await stream.room()).toBe(true);
});

test('a reader that reads nothing for too long is disconnected', async () => {
  const stream = new EventStream(10, 20);
  stream.write('1234567890');
  expect(await stream.room()).toBe(false);
  expect([stream.destroyed, stream.write('more'), await stream.room()]).toEqual([true, false, false]);
});

test('a finished stream still sends what was written, and nothing more', async () => {
  const stream = new EventStream(10, 20);
  stream.write('last');
  stream.finish();
  expect(stream.write('more')).toBe(false);
  const chunks: string[] = [];
  for await (const chunk of stream) chunks.push(String(chunk));
  expect(chunks).toEqual(['last']);
});

test('a finished stream does not wait for a reader that reads nothing', async () => {
  const stream = new EventStream(10, 60_000);
  stream.write('last');
  stream.finish();
  await once(stream, 'late');
  expect(stream.destroyed).toBe(true);
});
