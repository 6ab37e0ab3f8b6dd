import { expect, test } from 'vitest';
import type { LedgerEvent } from '../../ledger/index.ts';
import { plainMetadata } from '../../metadata/index.ts';
import { eventsExchange, operationsExchange } from '../asyncapi.ts';
import { readEnvelope } from '../envelope.ts';
import { announcing, draftsOf, operationsOf, writtenOut } from './window.ts';

function eventAt(seq: number, part: number, type: string): LedgerEvent {
  return { id: `1-${seq}-${part}`, book: 1, seq, part, type, wallet: 'w1', recordedAt: new Date(0), data: { amount: '5' } };
}

const transfer = (seq: number) =>
  ['TransferInitiated', 'TransferDebited', 'TransferCredited', 'TransferCompleted'].map((type, at) => eventAt(seq, at + 1, type));
const entries = [7, 8, 9].map((seq) => ({ seq, shape: `of ${seq}` }));
const after = { seq: 5, part: 2 };

test('of an operation, each event is a message, and all of them are one, under the type of the first', async () => {
  const operations = operationsOf(entries, [...transfer(7), eventAt(9, 1, 'FundsDeposited')], { after, isComplete: true });
  const messages = await writtenOut(draftsOf([...operations.values()].flatMap((operation) => operation ?? [])), plainMetadata);
  expect(messages.map(({ exchange, routingKey, messageId }) => [exchange, routingKey, messageId])).toEqual([
    ...transfer(7).map(({ id, type }) => [eventsExchange, `book.1.${type}`, id]),
    [operationsExchange, 'book.1.TransferInitiated', '1-7'],
    [eventsExchange, 'book.1.FundsDeposited', '1-9-1'],
    [operationsExchange, 'book.1.FundsDeposited', '1-9'],
  ]);
  const bodies = messages.map(({ body }) => JSON.parse(body.toString()) as unknown);
  expect(bodies[4]).toEqual(bodies.slice(0, 4));
  expect(bodies[6]).toEqual([bodies[5]]);
  expect(bodies[0]).toMatchObject({ previous: '000000000000005-0002' });
  expect(bodies[5]).toMatchObject({ previous: '000000000000007-0004' });
  expect(messages.map(({ contentType }) => contentType)).toEqual(
    messages.map(({ exchange }) => `application/cloudevents${exchange === operationsExchange ? '-batch' : ''}+json`),
  );
});

test('an operation whose previous event was not read is not published: what it names as the previous one must be true', () => {
  const events = [...transfer(7), eventAt(9, 1, 'FundsDeposited')];
  expect(operationsOf(entries, events, { after, isComplete: false }).get(9)).toBeNull();
  expect(operationsOf(entries, events, { after, isComplete: false }).get(7)).toMatchObject({ seq: 7 });
  const known = operationsOf(entries, [eventAt(8, 1, 'FundsDeposited'), ...events.slice(-1)], { after, isComplete: false });
  expect(known.get(9)?.deliveries[0].previous).toEqual({ seq: 8, part: 1 });
});

test('an announcement has the position of its events, and nothing of what they say', () => {
  const last = { event: transfer(7)[3] ?? eventAt(0, 0, ''), previous: { seq: 7, part: 3 } };
  const { body } = announcing(last, { after, entries: 2 });
  expect(body.toString()).not.toContain('amount');
  expect(readEnvelope(body.toString())).toEqual({
    id: '1-7-4',
    book: 1,
    seq: 7,
    part: 4,
    type: 'TransferCompleted',
    wallet: 'w1',
    previous: { seq: 7, part: 3 },
    span: { after: { seq: 5, part: 2 }, entries: 2 },
  });
});
