/** Encrypts metadata before it is stored, and opens it for readers. What is stored, handed on or cached in between stays encrypted. */
import type { LedgerEvent, RecordedEntry } from '../ledger/index.ts';
import { isSealed, openMetadata, ownerOfSealed, sealMetadata } from './envelope.ts';
import type { DataKeys } from './keys.ts';

/** Whose data it is (null: of a wallet without an owner), and the idempotency key of the operation. */
export type Noted = { readonly owner: string | null; readonly key: string };

export type MetadataVault = {
  /** The text to store. The same text of the same operation has the same result. */
  sealed(text: string, of: Noted): Promise<string>;
  /** The texts as readers see them, in order. */
  opened(texts: readonly string[]): Promise<readonly string[]>;
};

/** Without keys, metadata is stored and read as it is. */
export const plainMetadata: MetadataVault = {
  sealed: (text) => Promise.resolve(text),
  opened: (texts) => Promise.resolve(texts),
};

/** `encrypts`: whether new metadata is encrypted. What is encrypted is opened in any case. */
export function openVault(keys: DataKeys, { encrypts }: { readonly encrypts: boolean }): MetadataVault {
  return {
    async sealed(text, { owner, key: operationKey }) {
      if (!encrypts || isSealed(text)) return text;
      const { name, key } = await keys.forSealing(owner);
      return sealMetadata(text, name, key, operationKey);
    },
    async opened(texts) {
      const owners = texts.map(ownerOfSealed);
      const names = owners.filter((owner) => owner !== null);
      if (names.length === 0) return texts;
      const found = await keys.forOpening(names);
      return texts.map((text, at) => openMetadata(text, found.get(owners[at] ?? '') ?? 'unreadable'));
    },
  };
}

export async function openedText<T extends string | null | undefined>(vault: MetadataVault, text: T): Promise<T | string> {
  if (typeof text !== 'string') return text;
  const [opened = text] = await vault.opened([text]);
  return opened;
}

/** Whether two stored texts say the same, such as one that is encrypted and one that is not. Nothing that is erased differs. */
export async function isSameMetadata(vault: MetadataVault, one: string, other: string): Promise<boolean> {
  const [first, second] = await vault.opened([one, other]);
  return first === second;
}

export async function openedEntries<E extends Pick<RecordedEntry, 'metadata'>>(
  vault: MetadataVault,
  entries: readonly E[],
): Promise<readonly E[]> {
  const texts = entries.flatMap(({ metadata }) => (metadata === null ? [] : [metadata]));
  if (texts.length === 0) return entries;
  const opened = await vault.opened(texts);
  if (opened === texts) return entries;
  let next = 0;
  return entries.map((entry) => (entry.metadata === null ? entry : { ...entry, metadata: opened[next++] ?? null }));
}

export async function openedEntry<E extends Pick<RecordedEntry, 'metadata'>>(vault: MetadataVault, entry: E): Promise<E> {
  const [opened = entry] = await openedEntries(vault, [entry]);
  return opened;
}

export async function openedEvents(vault: MetadataVault, events: readonly LedgerEvent[]): Promise<readonly LedgerEvent[]> {
  if (vault === plainMetadata) return events;
  const opened = await openedData(
    vault,
    events.map(({ data }) => data),
  );
  return events.map((event, at) => ({ ...event, data: opened[at] ?? event.data }));
}

/** The JSON text of an event with its metadata opened; any other text as it is. */
export async function openedBody(vault: MetadataVault, body: string): Promise<string> {
  if (vault === plainMetadata || !body.includes('"encrypted"')) return body;
  const envelope = parsed(body);
  if (!isRecord(envelope) || !isRecord(envelope['data'])) return body;
  const [data] = await openedData(vault, [envelope['data']]);
  return data === envelope['data'] ? body : JSON.stringify({ ...envelope, data });
}

type Data = Readonly<Record<string, unknown>>;

async function openedData<D extends Data>(vault: MetadataVault, all: readonly D[]): Promise<readonly D[]> {
  const texts = all.flatMap(({ metadata }) => (isRecord(metadata) ? [JSON.stringify(metadata)] : []));
  if (texts.length === 0) return all;
  const opened = await vault.opened(texts);
  let next = 0;
  return all.map((data) => {
    if (!isRecord(data['metadata'])) return data;
    const [before, after] = [texts[next], opened[next]];
    next++;
    return after === undefined || after === before ? data : { ...data, metadata: JSON.parse(after) as unknown };
  });
}

function isRecord(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
