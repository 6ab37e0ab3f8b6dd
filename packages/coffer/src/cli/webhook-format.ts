/** Parses and formats what the webhook commands read and print. */
import { InvalidArgumentError } from 'commander';
import { isEventType } from '../events/index.ts';
import { isUuid, OperatorError, parseMoment } from '../kernel/index.ts';
import type { Attempt, DeliveryRead, Endpoint, WebhookRefusal } from '../webhooks/index.ts';

export function accepted<T extends object>(outcome: T | WebhookRefusal): T {
  if (!('refusal' in outcome)) return outcome;
  switch (outcome.refusal) {
    case 'webhook_not_found':
      throw new OperatorError('There is no such webhook.', 'Take an id from "coffer webhooks list".');
    case 'delivery_not_found':
      throw new OperatorError('The webhook has no such delivery.', 'Take an id from "coffer webhooks deliveries <id>".');
    case 'webhook_url_refused':
      throw new OperatorError(
        `The address cannot be used: ${outcome.why}.`,
        'Give a public https URL, or set COFFER_WEBHOOKS_PRIVATE=on both here and for the running Coffer.',
      );
    case 'too_many_webhooks':
      throw new OperatorError(`There are already ${outcome.most} webhooks, the maximum.`, 'Delete one first.');
  }
}

export function endpointLine({ id, url, types, wallet, owner, status, disabledWhy, failingSince }: Endpoint): string {
  const of = wallet === null ? (owner === null ? '' : ` for the wallets of ${owner}`) : ` for ${wallet}`;
  const trouble = failingSince === null ? '' : `, failing since ${failingSince.toISOString()}`;
  return `${id}  ${status}${disabledWhy === null ? '' : `: ${disabledWhy}`}${trouble}  ${types.join(',')}${of}  ${url}`;
}

export function endpointLines(endpoint: Endpoint): string[] {
  const { description, previousExpiresAt, createdBy, createdAt, updatedAt } = endpoint;
  return [
    endpointLine(endpoint),
    ...(description === '' ? [] : [plain(description)]),
    `created ${createdAt.toISOString()} by ${createdBy}, changed ${updatedAt.toISOString()}`,
    ...(previousExpiresAt === null ? [] : [`the previous secret stays valid until ${previousExpiresAt.toISOString()}`]),
  ];
}

export function deliveryLine({ id, message, type, wallet, status, attempts, dueAt, finishedAt }: DeliveryRead): string {
  const about = wallet === null ? '' : ` of ${wallet}`;
  const when = dueAt === null ? (finishedAt?.toISOString() ?? '') : `next attempt ${dueAt.toISOString()}`;
  return `${id}  ${type} ${message}${about}  ${status}, ${attempts} attempts  ${when}`;
}

export function attemptLine({ number, endedAt, httpStatus, elapsedMs, answer, why }: Attempt): string {
  const outcome = httpStatus === null ? (why ?? 'no answer') : `${httpStatus} ${answer ?? ''}`.trimEnd();
  return `  ${endedAt.toISOString()}  ${number}  ${plain(outcome)}  (${elapsedMs} ms)`;
}

/** Text written by others, on one line and without terminal control characters. */
function plain(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ');
}

export function parseTypes(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => name !== '*' && !isEventType(name));
  if (unknown.length > 0) throw new InvalidArgumentError(`Unknown event type ${unknown.join(', ')}: see docs/reference/events.md.`);
  return names;
}

export function parseWallet(text: string): string {
  if (text.trim() !== '' && text.length <= 128 && text.isWellFormed()) return text;
  throw new InvalidArgumentError('Give the id of a wallet, of up to 128 characters.');
}

export function parseOwner(text: string): string {
  if (isUuid(text.toLowerCase())) return text.toLowerCase();
  throw new InvalidArgumentError('Give the id of a user.');
}

export function parseDescription(text: string): string {
  if (text.length <= 200 && text.isWellFormed() && !/\p{Cc}/u.test(text)) return text;
  throw new InvalidArgumentError('Give up to 200 characters, without control characters.');
}

export function parseMomentGiven(text: string): Date {
  const moment = parseMoment(text);
  if (!moment) throw new InvalidArgumentError('Give a timestamp with a time zone, such as 2026-01-31T12:00:00Z.');
  return moment;
}

export function parseLimit(text: string): number {
  const given = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (given >= 1 && given <= 500) return given;
  throw new InvalidArgumentError('Give a whole number from 1 to 500.');
}

export function parseWebhookCursor(text: string): string {
  if (isUuid(text)) return text;
  throw new InvalidArgumentError('Give the cursor that the previous page printed.');
}

/** Also used for a cursor of deliveries. */
export function parseDelivery(text: string): string {
  if (/^[1-9]\d{0,14}$/.test(text)) return text;
  throw new InvalidArgumentError('Give the number of a delivery, as "coffer webhooks deliveries" shows it.');
}
