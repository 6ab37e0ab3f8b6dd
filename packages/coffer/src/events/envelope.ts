/** The envelope of events on a broker: CloudEvents 1.0 in structured JSON. Reading one yields a claim, which only the log can confirm. */
import type { Delivery, Place } from './broker.ts';
import { spanMax } from './claims.ts';
import type { Claim, Span } from './claims.ts';
import { schemaNameOf, versionOf } from './catalogue.ts';

export const envelopeContentType = 'application/cloudevents+json';
/** The JSON batch format of CloudEvents: an array of envelopes. */
export const batchContentType = 'application/cloudevents-batch+json';
const typePrefix = 'coffer.wallet.';
/** Our events are a few hundred bytes, and metadata is limited: a longer message is not ours, and is not even parsed. */
export const envelopeBytesMax = 1_048_576;

/** The attributes of the envelope. Extensions: `sequence`, `partitionkey`, `previous`. */
export type Envelope = {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly dataschema: string;
  /** The position in the book's log: seq and part with leading zeros, so that strings sort in log order. */
  readonly sequence: string;
  /** Events of one wallet are in order. */
  readonly partitionkey: string;
  /** The sequence of the previous event in its book; absent for the first. A consumer that has not seen it has a gap. */
  readonly previous?: string;
  readonly data: Record<string, unknown>;
};

export function envelopeOf({ event, previous }: Delivery): Envelope {
  return {
    specversion: '1.0',
    id: event.id,
    source: `/coffer/books/${event.book}`,
    type: `${typePrefix}${event.type}.v${versionOf(event.type)}`,
    subject: event.wallet,
    time: event.recordedAt.toISOString(),
    datacontenttype: 'application/json',
    // Absolute, as the specification asks. A name, not an address: it is the same in every installation.
    dataschema: `urn:coffer:schema:${schemaNameOf(event.type)}`,
    sequence: sequenceOf(event),
    partitionkey: event.wallet,
    ...(previous && { previous: sequenceOf(previous) }),
    data: event.data,
  };
}

/**
 * Announces all events after a position up to this one, of which the message has only the envelope. Versions of Coffer that do not know
 * `after` and `entries` read it as an event of which they have missed the ones before, and get those from the log.
 */
export type Announcement = Envelope & {
  /** The sequence after which the announced events begin: zeros for the beginning of the log. */
  readonly after: string;
  /** In how many entries the announced events are, at most. */
  readonly entries: number;
};

export function announcementOf({ event, previous }: Delivery, { after, entries }: Span): Announcement {
  return { ...envelopeOf({ event: { ...event, data: {} }, previous }), after: sequenceOf(after), entries };
}

/** Why a message is not an event that this version can read. */
export type Unreadable = { readonly unreadable: string };

export function readEnvelope(body: string): Claim | Unreadable {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return { unreadable: 'it is not JSON' };
  }
  if (!isObject(parsed)) return { unreadable: 'it is not a JSON object' };
  const { specversion, id, source, type, subject, time, sequence, previous, after, entries, data } = parsed;
  if (specversion !== '1.0') return { unreadable: `its specversion is ${brief(specversion)}, not 1.0` };
  const [, name = '', version = ''] = /^coffer\.wallet\.([A-Z][A-Za-z]{0,99})\.v([1-9]\d{0,5})$/.exec(text(type)) ?? [];
  if (name === '') return { unreadable: `its type is ${brief(type)}, which is not one of Coffer's` };
  if (Number(version) !== versionOf(name))
    return { unreadable: `it is version ${version} of ${name}; version ${versionOf(name)} is known` };
  const book = Number(/^\/coffer\/books\/([1-9]\d{0,8})$/.exec(text(source))?.[1]);
  const place = placeOf(sequence);
  const before = previous === undefined ? null : placeOf(previous);
  const isTimed = !Number.isNaN(new Date(text(time)).getTime());
  if (Number.isNaN(book) || !place || (previous !== undefined && !before)) return { unreadable: 'it has no valid position in the log' };
  if (typeof id !== 'string' || typeof subject !== 'string' || !isObject(data) || !isTimed)
    return { unreadable: 'id, subject, time or data is missing or has the wrong type' };
  const claim = { id, book, ...place, type: name, wallet: subject, previous: before };
  if (after === undefined && entries === undefined) return claim;
  const start = placeOf(after);
  if (!start || typeof entries !== 'number' || !Number.isInteger(entries) || entries < 1 || entries > spanMax)
    return { unreadable: `it does not announce between 1 and ${spanMax} entries after a position` };
  return { ...claim, span: { after: start, entries } };
}

/** What a message says about itself, as far as it is readable; unverified. */
export function hintsOf(body: string): { eventId: string | null; eventType: string | null; wallet: string | null } {
  const read = readEnvelope(body);
  if ('id' in read) return { eventId: read.id, eventType: read.type, wallet: read.wallet };
  try {
    const parsed: unknown = JSON.parse(body);
    const { id, type, subject } = isObject(parsed) ? parsed : {};
    const hint = (value: unknown) => (typeof value === 'string' ? value.slice(0, 256) : null);
    return { eventId: hint(id), eventType: hint(type), wallet: hint(subject) };
  } catch {
    return { eventId: null, eventType: null, wallet: null };
  }
}

function sequenceOf({ seq, part }: Place): string {
  return `${String(seq).padStart(15, '0')}-${String(part).padStart(4, '0')}`;
}

function placeOf(sequence: unknown): Place | null {
  const [, seq, part] = /^(\d{15})-(\d{4})$/.exec(text(sequence)) ?? [];
  return seq === undefined || part === undefined ? null : { seq: Number(seq), part: Number(part) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function brief(value: unknown): string {
  return value === undefined ? 'missing' : (JSON.stringify(value) ?? '').slice(0, 80);
}
