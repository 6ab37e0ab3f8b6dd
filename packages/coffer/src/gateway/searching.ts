/** Finds whatever an id, a key, an e-mail address, an order number or a name points to, the most certain first. */
import { wordsIn } from '../find/index.ts';
import type { Find, OperationFilter } from '../find/index.ts';
import type { User, Users } from '../identity/index.ts';
import { isUuid } from '../kernel/index.ts';
import type { FoundEntry } from '../ledger/index.ts';
import { isIdempotencyKey } from '../operations/index.ts';
import type { AsyncRequest, Requests } from '../requests/index.ts';
import { walletIdPattern } from '../wallets/index.ts';
import type { OperationRead, Reader, Wallet, WalletHold, WalletQueries } from '../wallets/index.ts';

/** Why something was found, the most certain first. `metadata`: a property has exactly this value. */
export const matchKinds = ['id', 'key', 'email', 'metadata', 'name', 'text'] as const;
export type MatchKind = (typeof matchKinds)[number];

export type Match = { readonly by: MatchKind } & (
  | { readonly kind: 'operation'; readonly operation: OperationRead }
  | { readonly kind: 'hold'; readonly hold: WalletHold }
  | { readonly kind: 'wallet'; readonly wallet: Wallet }
  | { readonly kind: 'request'; readonly request: AsyncRequest }
  | { readonly kind: 'user'; readonly user: User }
);

export type Searched = {
  readonly find: Find;
  readonly queries: WalletQueries;
  /** Absent where the transport has none. */
  readonly requests?: Requests | undefined;
  /** Absent for callers who may not list users. */
  readonly users?: Pick<Users, 'get' | 'list'> | undefined;
};

const wordsMax = 8;
const walletId = new RegExp(walletIdPattern);

export async function search(sources: Searched, text: string, reader: Reader, limit: number): Promise<Match[]> {
  const found = await Promise.all([
    byId(sources, text, reader),
    byKey(sources, text, reader, limit),
    people(sources, text, limit),
    byText(sources, text, reader, limit),
  ]);
  const seen = new Set<string>();
  return found
    .flat()
    .toSorted((one, other) => matchKinds.indexOf(one.by) - matchKinds.indexOf(other.by))
    .filter((match) => {
      const id = `${match.kind} ${idOf(match)}`;
      return !seen.has(id) && seen.add(id);
    })
    .slice(0, limit);
}

export function idOf(match: Match): string {
  switch (match.kind) {
    case 'operation':
      return `${match.operation.entry.book}-${match.operation.entry.seq}`;
    case 'hold':
      return `${match.hold.entry.book}-${match.hold.entry.seq}`;
    case 'wallet':
      return match.wallet.id;
    case 'request':
      return match.request.id;
    case 'user':
      return match.user.id;
  }
}

async function byId({ queries, requests, users }: Searched, text: string, reader: Reader): Promise<Match[]> {
  const uuid = isUuid(text.toLowerCase()) ? text.toLowerCase() : null;
  const [operation, hold, wallet, request, user] = await Promise.all([
    queries.operation(text, reader),
    queries.hold(text, reader),
    walletId.test(text) ? queries.wallet(text, reader) : null,
    uuid === null ? null : requests?.find(uuid, reader),
    uuid === null ? null : users?.get(uuid),
  ]);
  return [
    ...(operation ? [{ by: 'id', kind: 'operation', operation } as const] : []),
    ...(hold ? [{ by: 'id', kind: 'hold', hold } as const] : []),
    ...(wallet ? [{ by: 'id', kind: 'wallet', wallet } as const] : []),
    ...(request ? [{ by: 'id', kind: 'request', request } as const] : []),
    ...(user && !('refusal' in user) ? [{ by: 'id', kind: 'user', user } as const] : []),
  ];
}

async function byKey(sources: Searched, key: string, reader: Reader, limit: number): Promise<Match[]> {
  if (!isIdempotencyKey(key)) return [];
  const requests = await sources.requests?.list({ key, limit, onlyOwner: reader.onlyOwner });
  return [
    ...(await operations(sources, { key }, reader, limit, () => 'key')),
    ...(requests?.items ?? []).map((request) => ({ by: 'key', kind: 'request', request }) as const),
  ];
}

async function people({ users }: Searched, text: string, limit: number): Promise<Match[]> {
  if (!users) return [];
  const by = text.includes('@') ? 'email' : 'name';
  const found = await users.list({ [by]: text, limit });
  return 'refusal' in found ? [] : found.items.map((user) => ({ by, kind: 'user', user }) as const);
}

/** An order number is a property's whole value; its parts are words. */
async function byText(sources: Searched, text: string, reader: Reader, limit: number): Promise<Match[]> {
  const words = [...new Set(wordsIn(text))].slice(0, wordsMax);
  if (words.length === 0) return [];
  return await operations(sources, { words }, reader, limit, ({ entry }) => (hasValue(entry.metadata, text) ? 'metadata' : 'text'));
}

async function operations(
  { find, queries }: Searched,
  filter: OperationFilter,
  reader: Reader,
  limit: number,
  by: (found: FoundEntry) => MatchKind,
): Promise<Match[]> {
  const page = await find.operations(filter, reader, { limit });
  if ('refusal' in page) return [];
  const read = await queries.operationsOf(page.items.map(({ entry }) => entry));
  return page.items.flatMap((found, at) => {
    const operation = read[at];
    return operation ? [{ by: by(found), kind: 'operation', operation } as const] : [];
  });
}

function hasValue(metadata: string | null, text: string): boolean {
  if (metadata === null) return false;
  const isIt = (value: unknown): boolean =>
    typeof value === 'object' && value !== null ? Object.values(value).some(isIt) : String(value) === text;
  return isIt(JSON.parse(metadata) as unknown);
}
