/** Parses messages delivered by RabbitMQ, whether ours or not. */
import type { AsyncMessage, HeaderFields, SyncMessage } from 'rabbitmq-client';
import { deliveriesMax } from '../broker.ts';
import { envelopeBytesMax } from '../envelope.ts';

/** How often an event failed as part of an announcement, before it was delivered alone. */
export const failuresHeader = 'x-coffer-failures';

/** The body as sent: the library has already parsed a body declared as JSON or text. */
export function bytesOf({ body }: Pick<AsyncMessage | SyncMessage, 'body'>): Buffer {
  const given: unknown = body;
  if (Buffer.isBuffer(given)) return given;
  return Buffer.from(typeof given === 'string' ? given : JSON.stringify(given));
}

/** Null for one that is too long to be ours; it is not stored. */
export function textOf(message: Pick<AsyncMessage, 'body'>): string | null {
  const bytes = bytesOf(message);
  return bytes.length > envelopeBytesMax ? null : bytes.toString('utf8');
}

/** Number of earlier deliveries: by the quorum queue, and of the announcement whose event failed. */
export function earlierDeliveries(fields: HeaderFields): { readonly ofMessage: number; readonly ofAnnouncement: number } {
  return { ofMessage: countOf(fields, 'x-delivery-count'), ofAnnouncement: Math.min(deliveriesMax, countOf(fields, failuresHeader)) };
}

function countOf({ headers }: HeaderFields, name: string): number {
  const count: unknown = headers?.[name];
  return typeof count === 'number' && Number.isInteger(count) && count > 0 ? count : 0;
}

/** Why and when it became a dead letter: the newest of its deaths. */
export function deathOf({ headers }: HeaderFields): { reason: string | null; at: Date | null } {
  const deaths: unknown = headers?.['x-death'];
  const death: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
  if (typeof death !== 'object' || death === null) return { reason: null, at: null };
  const { reason, time } = death as { reason?: unknown; time?: unknown };
  return { reason: typeof reason === 'string' ? reason : null, at: momentOf(time) };
}

/** RabbitMQ's times are in whole seconds. */
function momentOf(time: unknown): Date | null {
  const at = time instanceof Date ? time : new Date(typeof time === 'number' ? time * 1_000 : Number.NaN);
  return Number.isNaN(at.getTime()) ? null : at;
}
