/** Messages as RabbitMQ hands them over, sent by us or by anybody. */
import type { AsyncMessage, HeaderFields, SyncMessage } from 'rabbitmq-client';
import { envelopeBytesMax } from '../envelope.ts';

/** As it was sent: the library has already read a body that called itself JSON or text. */
export function bytesOf({ body }: Pick<AsyncMessage | SyncMessage, 'body'>): Buffer {
  const given: unknown = body;
  if (Buffer.isBuffer(given)) return given;
  return Buffer.from(typeof given === 'string' ? given : JSON.stringify(given));
}

/** Null for one that is too long to be ours; nothing of it is kept. */
export function textOf(message: Pick<AsyncMessage, 'body'>): string | null {
  const bytes = bytesOf(message);
  return bytes.length > envelopeBytesMax ? null : bytes.toString('utf8');
}

/** How often a quorum queue delivered it before. */
export function earlierDeliveries({ headers }: HeaderFields): number {
  const count: unknown = headers?.['x-delivery-count'];
  return typeof count === 'number' && count > 0 ? count : 0;
}

/** Why it is a dead letter, and when it became one: the newest of its deaths. */
export function deathOf({ headers }: HeaderFields): { reason: string | null; at: Date | null } {
  const deaths: unknown = headers?.['x-death'];
  const death: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
  if (typeof death !== 'object' || death === null) return { reason: null, at: null };
  const { reason, time } = death as { reason?: unknown; time?: unknown };
  return { reason: typeof reason === 'string' ? reason : null, at: momentOf(time) };
}

/** RabbitMQ's times are whole seconds. */
function momentOf(time: unknown): Date | null {
  const at = time instanceof Date ? time : new Date(typeof time === 'number' ? time * 1_000 : Number.NaN);
  return Number.isNaN(at.getTime()) ? null : at;
}
