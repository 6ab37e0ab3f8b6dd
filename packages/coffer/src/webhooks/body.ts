/** What is sent of an event: the CloudEvent that brokers carry too, in JSON, which the signature is over, byte by byte. */
import { envelopeOf } from '../events/index.ts';
import type { LedgerEvent } from '../ledger/index.ts';
import { visibleEvent } from '../visibility/index.ts';

/** Endpoints are made by staff and services, who see every wallet. */
const service = {};

/** Without the event before it: what an endpoint is sent may leave out any. */
export function bodyOf(event: LedgerEvent): string {
  return JSON.stringify(envelopeOf({ event: visibleEvent(event, service), previous: null }));
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
