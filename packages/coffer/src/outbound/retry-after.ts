/** Retry-After, which a server sends in seconds or as a date (RFC 9110, 10.2.3). */
import type { IncomingHttpHeaders } from 'node:http';

/** The three forms of a date in HTTP: senders use the first, and the others are obsolete but valid. */
const dates = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]+day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/**
 * How many seconds to wait, rounded up; undefined without a valid header. A date counts from the answer's own Date, so that a
 * difference between the two clocks does not matter.
 */
export function retryAfterIn(headers: IncomingHttpHeaders, nowMs = Date.now()): number | undefined {
  const given = headers['retry-after'] ?? '';
  if (/^\d{1,6}$/.test(given)) return Number(given);
  const until = msOf(given);
  return until === null ? undefined : Math.max(0, Math.ceil((until - (msOf(headers.date ?? '') ?? nowMs)) / 1_000));
}

/** Milliseconds since 1970. The obsolete form without a zone is in GMT, too. */
function msOf(text: string): number | null {
  if (!dates.some((form) => form.test(text))) return null;
  const ms = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(ms) ? null : ms;
}
