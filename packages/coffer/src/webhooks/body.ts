/** The body of a delivery: the same CloudEvent as on the brokers, in JSON. The signature covers these exact bytes. */
import { envelopeOf } from '../events/index.ts';
import type { LedgerEvent } from '../ledger/index.ts';
import { visibleEvent } from '../visibility/index.ts';

/** Staff and services create endpoints, and they can see every wallet. */
const service = {};

/** Without the previous event: a filtered endpoint may not receive that one. */
export function bodyOf(event: LedgerEvent): string {
  return JSON.stringify(envelopeOf({ event: visibleEvent(event, service), previous: null }));
}

export const testType = 'WebhookTest';

/** For trying out a webhook before there is an event. */
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
