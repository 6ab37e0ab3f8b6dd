/** What the command line says of webhooks, and how it reads what it is told of them. */
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
        `The address cannot be taken: ${outcome.why}.`,
        'Give a public https address, or set COFFER_WEBHOOKS_PRIVATE=on here and where Coffer runs.',
      );
    case 'too_many_webhooks':
      throw new OperatorError(`There are ${outcome.most} webhooks, as many as there may be.`, 'Delete one first.');
  }
}

export function endpointLine({ id, url, types, wallet, owner, status, disabledWhy, failingSince }: Endpoint): string {
  const of = wallet === null ? (owner === null ? '' : ` of the wallets of ${owner}`) : ` of ${wallet}`;
  const trouble = failingSince === null ? '' : `, nothing but failures since ${failingSince.toISOString()}`;
  return `${id}  ${status}${disabledWhy === null ? '' : `: ${disabledWhy}`}${trouble}  ${types.join(',')}${of}  ${url}`;
}

export function endpointLines(endpoint: Endpoint): string[] {
  const { description, previousExpiresAt, createdBy, createdAt, updatedAt } = endpoint;
  return [
    endpointLine(endpoint),
    ...(description === '' ? [] : [plain(description)]),
    `made ${createdAt.toISOString()} by ${createdBy}, changed ${updatedAt.toISOString()}`,
    ...(previousExpiresAt === null ? [] : [`the secret before signs too until ${previousExpiresAt.toISOString()}`]),
  ];
}

export function deliveryLine({ id, message, type, wallet, status, attempts, dueAt, finishedAt }: DeliveryRead): string {
  const about = wallet === null ? '' : ` of ${wallet}`;
  const when = dueAt === null ? (finishedAt?.toISOString() ?? '') : `goes on ${dueAt.toISOString()}`;
  return `${id}  ${type} ${message}${about}  ${status}, begun ${attempts} times  ${when}`;
}

export function attemptLine({ number, endedAt, httpStatus, elapsedMs, answer, why }: Attempt): string {
  const outcome = httpStatus === null ? (why ?? 'no answer') : `${httpStatus} ${answer ?? ''}`.trimEnd();
  return `  ${endedAt.toISOString()}  ${number}  ${plain(outcome)}  (${elapsedMs} ms)`;
}

/** What others wrote, on one line, without what a terminal would act on. */
function plain(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ');
}

export function parseTypes(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => name !== '*' && !isEventType(name));
  if (unknown.length > 0) throw new InvalidArgumentError(`There are no events called ${unknown.join(', ')}: see docs/reference/events.md.`);
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
  if (!moment) throw new InvalidArgumentError('Give a moment with its zone, such as 2026-01-31T12:00:00Z.');
  return moment;
}

export function parseLimit(text: string): number {
  const given = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (given >= 1 && given <= 500) return given;
  throw new InvalidArgumentError('Give a whole number from 1 to 500.');
}

export function parseWebhookCursor(text: string): string {
  if (isUuid(text)) return text;
  throw new InvalidArgumentError('Give the id that the earlier page named.');
}

/** Also of a cursor of deliveries. */
export function parseDelivery(text: string): string {
  if (/^[1-9]\d{0,14}$/.test(text)) return text;
  throw new InvalidArgumentError('Give the number of a delivery, as "coffer webhooks deliveries" shows it.');
}
