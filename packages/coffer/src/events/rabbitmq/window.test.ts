import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LedgerEvent } from '../../ledger/index.ts';
import { plainMetadata } from '../../metadata/index.ts';
import { eventsExchange, operationsExchange } from '../asyncapi.ts';
import { readEnvelope } from '../envelope.ts';
import type { Published } from './publisher.ts';
import { announcing, Audience, draftsOf, writtenOut } from './window.ts';

const beginning = { seq: 0, part: 0 };

function eventAt(seq: number, part: number, type: string): LedgerEvent {
  return { id: `1-${seq}-${part}`, book: 1, seq, part, type, wallet: 'w1', recordedAt: new Date(0), data: { amount: '5' } };
}

const transfer = (seq: number) =>
  ['TransferInitiated', 'TransferDebited', 'TransferCredited', 'TransferCompleted'].map((type, at) => eventAt(seq, at + 1, type));

test('of a window, each event is a message, and each operation is one with all of its events, under the type of the first', async () => {
  const events = [...transfer(7), eventAt(9, 1, 'FundsDeposited')];
  const messages = await writtenOut(draftsOf(events, { seq: 5, part: 2 }), plainMetadata);
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
  expect(messages.map(({ contentType }) => contentType)).toEqual(
    messages.map(({ exchange }) => `application/cloudevents${exchange === operationsExchange ? '-batch' : ''}+json`),
  );
});

test('if a message is not safe, the position may move to the end of the operation before', () => {
  const drafts = draftsOf([...transfer(7), ...transfer(8)], { seq: 5, part: 2 });
  expect(drafts.map(({ before }) => before.seq)).toEqual([5, 5, 5, 5, 5, 7, 7, 7, 7, 7]);
});

test('an announcement has the position of its events, and nothing of what they say', () => {
  const events = transfer(7);
  const last = events.at(-1) ?? eventAt(0, 0, '');
  const { body } = announcing(events, { seq: 5, part: 2 }, last);
  expect(body.toString()).not.toContain('amount');
  expect(readEnvelope(body.toString())).toEqual({
    ...{ id: '1-7-4', book: 1, seq: 7, part: 4, type: 'TransferCompleted', wallet: 'w1' },
    previous: { seq: 7, part: 3 },
    span: { after: { seq: 5, part: 2 }, count: 4 },
  });
});

test('a queue gets every message of the windows that begin after it was bound, and hardly any other is published', () => {
  const types = ['a', 'b', 'c'];
  const window = fc.record({
    events: fc.array(fc.constantFrom(...types), { minLength: 1, maxLength: 12 }),
    changes: fc.array(fc.record({ type: fc.constantFrom(...types), at: fc.nat({ max: 14 }) }), { maxLength: 2 }),
  });
  fc.assert(
    fc.property(fc.array(window, { maxLength: 12 }), (windows) => {
      const audience = new Audience();
      const bound = new Set<string>();
      let seq = 0;
      for (const { events, changes } of windows) {
        const drafts = draftsOf(
          events.map((type) => eventAt(++seq, 1, type)),
          beginning,
        ).filter(({ exchange }) => exchange === eventsExchange);
        const boundThroughout = new Set(bound);
        const received: string[] = [];
        let published = 0;
        for (let isMissed = true, tries = 0; isMissed; tries++) {
          expect(tries).toBeLessThan(5);
          received.length = 0;
          const wanted = audience.of(drafts);
          const outcomes = wanted.map(({ routingKey, messageId }): Published => {
            for (const { type } of changes.filter(({ at }) => at === published)) {
              if (!bound.delete(type)) bound.add(type);
              boundThroughout.delete(type);
            }
            published++;
            const isBound = bound.has(routingKey.slice('book.1.'.length));
            if (isBound) received.push(messageId);
            return isBound ? 'safe' : 'unrouted';
          });
          isMissed = audience.learn(wanted, outcomes);
        }
        const expected = drafts.filter(({ routingKey }) => boundThroughout.has(routingKey.slice('book.1.'.length)));
        expect(received.filter((id) => expected.some(({ messageId }) => messageId === id))).toEqual(
          expected.map(({ messageId }) => messageId),
        );
      }
      // Nothing is bound: of the next windows, each key has one message.
      bound.clear();
      const drafts = draftsOf(
        types.flatMap((type) => [eventAt(++seq, 1, type), eventAt(++seq, 1, type)]),
        beginning,
      );
      audience.learn(
        audience.of(drafts),
        audience.of(drafts).map((): Published => 'unrouted'),
      );
      expect(audience.of(drafts)).toHaveLength(2 * types.length);
    }),
  );
});
