import { expect, test } from 'vitest';
import { asyncApi } from './asyncapi.ts';
import type { Delivery } from './broker.ts';
import { catalogue } from './catalogue.ts';
import { announcementOf, envelopeOf, hintsOf, readEnvelope } from './envelope.ts';

const delivery: Delivery = {
  event: {
    id: '3-42-2',
    book: 3,
    seq: 42,
    part: 2,
    type: 'TransferDebited',
    wallet: 'wallet "ü" \u2028',
    recordedAt: new Date('2026-01-31T12:00:00.123Z'),
    data: { operation: '3-42', amount: '99999999999999999999999999999999999999', metadata: { nested: [1, null, { deep: true }] } },
  },
  previous: { seq: 42, part: 1 },
};

/** What a message of it claims: where the event is, and nothing of its content. */
function claimOf({ event: { id, book, seq, part, type, wallet }, previous }: Delivery) {
  return { id, book, seq, part, type, wallet, previous };
}

test('an event travels as a CloudEvent, which claims its position', () => {
  const envelope = envelopeOf(delivery);
  expect(envelope).toMatchObject({
    specversion: '1.0',
    id: '3-42-2',
    source: '/coffer/books/3',
    type: 'coffer.wallet.TransferDebited.v1',
    subject: delivery.event.wallet,
    time: '2026-01-31T12:00:00.123Z',
    dataschema: 'urn:coffer:schema:TransferDebitedV1',
    sequence: '000000000000042-0002',
    previous: '000000000000042-0001',
  });
  // Absolute: a relative one fails the validation of CloudEvents SDKs.
  expect(URL.canParse(envelope.dataschema)).toBe(true);
  expect(readEnvelope(JSON.stringify(envelope))).toEqual(claimOf(delivery));
  const first = { ...delivery, previous: null };
  expect(envelopeOf(first)).not.toHaveProperty('previous');
  expect(readEnvelope(JSON.stringify(envelopeOf(first)))).toEqual(claimOf(first));
});

test('attribute names are allowed by CloudEvents', () => {
  for (const name of Object.keys(envelopeOf(delivery))) expect(name).toMatch(/^[a-z0-9]{1,20}$/);
});

test('a message that is not an event, or has an unknown version, is refused with a reason', () => {
  const good = envelopeOf(delivery);
  const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));
  const bad: [string, RegExp][] = [
    ['', /it is not JSON/],
    ['null', /not a JSON object/],
    ['[]', /not a JSON object/],
    [JSON.stringify({ ...good, specversion: '2.0' }), /specversion is "2.0"/],
    [JSON.stringify({ ...good, type: 'coffer.wallet.TransferDebited.v2' }), /version 2 of TransferDebited; version 1 is known/],
    [JSON.stringify({ ...good, type: 'com.example.thing' }), /not one of Coffer's/],
    [JSON.stringify({ ...good, sequence: '42-2' }), /position in the log/],
    [JSON.stringify({ ...good, previous: null }), /position in the log/],
    [JSON.stringify({ ...good, source: '/other' }), /position in the log/],
    [JSON.stringify({ ...good, time: 'soon' }), /missing or has the wrong type/],
    ...['id', 'subject', 'data'].map((name): [string, RegExp] => [JSON.stringify(without(name)), /missing or has the wrong type/]),
  ];
  for (const [body, why] of bad) expect(readEnvelope(body)).toEqual({ unreadable: expect.stringMatching(why) as string });
  expect(hintsOf(JSON.stringify({ ...good, specversion: '2.0' }))).toMatchObject({ eventId: '3-42-2', wallet: delivery.event.wallet });
  expect(hintsOf('no JSON')).toEqual({ eventId: null, eventType: null, wallet: null });
});

test('every reference in the AsyncAPI document resolves, and every type of event has a message and a schema', () => {
  const document = asyncApi();
  const text = JSON.stringify(document);
  const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path);
  const lookUp = (path: string) =>
    path.split('/').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], document);
  expect(references.filter((path) => lookUp(path) === undefined)).toEqual([]);
  for (const type of Object.keys(catalogue)) {
    expect(references).toContain(`components/messages/${type}`);
    expect(references).toContain(`components/schemas/${type}V1`);
  }
  expect(document).toMatchObject({
    asyncapi: '3.0.0',
    channels: { walletEvents: {}, walletOperations: {} },
    operations: { receiveWalletEvents: { action: 'receive' }, receiveWalletOperations: { action: 'receive' } },
  });
});

test('an announcement is, to a version that does not know of them, its last event; a wrong one is not readable', () => {
  const announcement = announcementOf(delivery, { after: { seq: 40, part: 4 }, entries: 2 });
  const { after, entries, ...known } = announcement;
  expect([after, entries]).toEqual(['000000000000040-0004', 2]);
  expect(readEnvelope(JSON.stringify(known))).toEqual(claimOf(delivery));
  expect(readEnvelope(JSON.stringify(announcement))).toEqual({ ...claimOf(delivery), span: { after: { seq: 40, part: 4 }, entries: 2 } });
  for (const wrong of [
    { after: undefined },
    { entries: undefined },
    { entries: 0 },
    { entries: 2_501 },
    { entries: '2' },
    { after: '40-4' },
  ])
    expect(readEnvelope(JSON.stringify({ ...announcement, ...wrong }))).toEqual({
      unreadable: expect.stringContaining('entries') as string,
    });
});
