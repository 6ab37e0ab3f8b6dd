import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Audience } from './audience.ts';
import type { Published } from './publisher.ts';

/** Shapes of entries with the types of their events. */
const shapes: Readonly<Record<string, readonly string[]>> = { transfer: ['a', 'b', 'c'], refused: ['a', 'd'], deposit: ['e'], silent: [] };
const types = [...new Set(Object.values(shapes).flat())];

type Entry = { readonly shape: string; readonly seq: number };
type Sent = { readonly id: string; readonly shape: string; readonly exchange: string; readonly routingKey: string };

function messagesOf({ shape, seq }: Entry): Sent[] {
  return (shapes[shape] ?? []).map((type) => ({ id: `${seq}${type}`, shape, exchange: 'events', routingKey: type }));
}

/** Publishes a window to a broker where queues are bound or unbound in between. Returns what queues got the last time, and all that was sent. */
function publish(audience: Audience, entries: readonly Entry[], isBound: (type: string, sent: number) => boolean) {
  let sent = 0;
  for (let tries = 0; tries < 10; tries++) {
    const messages = audience.messagesOf(audience.entriesOf(entries).flatMap(messagesOf));
    const published = messages.map(({ routingKey }): Published => (isBound(routingKey, sent++) ? 'safe' : 'unrouted'));
    if (!audience.learn(messages, published))
      return { got: messages.filter((_, at) => published[at] === 'safe').map(({ id }) => id), sent };
  }
  throw new Error('a window is published in a few tries');
}

const entriesOf = fc.array(fc.constantFrom(...Object.keys(shapes)), { minLength: 1, maxLength: 12 });

test('a queue gets every message, in order, of each window throughout which it is bound', () => {
  const change = fc.record({ type: fc.constantFrom(...types), at: fc.nat({ max: 20 }) });
  const windows = fc.array(fc.record({ names: entriesOf, changes: fc.array(change, { maxLength: 3 }) }), { maxLength: 12 });
  fc.assert(
    fc.property(windows, (all) => {
      const audience = new Audience();
      const bound = new Set<string>();
      let seq = 0;
      for (const { names, changes } of all) {
        const throughout = new Set(bound);
        const entries = names.map((shape) => ({ shape, seq: ++seq }));
        const { got } = publish(audience, entries, (type, sent) => {
          for (const changed of changes.filter(({ at }) => at === sent)) {
            if (!bound.delete(changed.type)) bound.add(changed.type);
            throughout.delete(changed.type);
          }
          return bound.has(type);
        });
        const due = entries.flatMap(messagesOf).filter(({ routingKey }) => throughout.has(routingKey));
        const ids = due.map(({ id }) => id);
        expect(got.filter((id) => ids.includes(id))).toEqual(ids);
      }
    }),
  );
});

test('of what no queue is bound for, one message of each routing key is sent in each window', () => {
  fc.assert(
    fc.property(entriesOf, fc.subarray(types), (names, bound) => {
      const audience = new Audience();
      const entries = names.map((shape, seq) => ({ shape, seq }));
      publish(audience, entries, (type) => bound.includes(type));
      const { sent } = publish(audience, entries, (type) => bound.includes(type));
      const keys = entries.flatMap(messagesOf).map(({ routingKey }) => routingKey);
      const unbound = new Set(keys.filter((type) => !bound.includes(type)));
      expect(sent).toBe(keys.filter((type) => bound.includes(type)).length + unbound.size);
    }),
  );
});
