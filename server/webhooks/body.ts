/** What is sent of an event: a CloudEvent in its JSON form, which the signature is over, byte by byte. */
import type { LedgerEvent } from '../ledger/index.ts';

export function bodyOf({ id, book, seq, part, type, wallet, recordedAt, data }: LedgerEvent): string {
  return JSON.stringify({
    specversion: '1.0',
    id,
    source: '/coffer',
    type,
    subject: wallet,
    time: recordedAt.toISOString(),
    datacontenttype: 'application/json',
    // Deliveries may overtake each other: of one book, the smaller came first.
    sequence: `${seq}-${part}`,
    book,
    data,
  });
}

export const testType = 'WebhookTest';

/** For whoever wants to see a call before there is an event. */
export function testBody(id: string, at: Date): string {
  return JSON.stringify({
    specversion: '1.0',
    id,
    source: '/coffer',
    type: testType,
    time: at.toISOString(),
    datacontenttype: 'application/json',
    data: { test: true },
  });
}
