/** The parts of a user's export, page by page: memory stays bounded however long a history is. */
import type { User } from '../../identity/index.ts';
import { assert } from '../../kernel/index.ts';
import type { Page, Wallet } from '../../wallets/index.ts';
import type { Product } from './app.ts';
import { presentHold } from './hold-views.ts';
import { presentHistoryItem } from './operation-views.ts';
import { presentRequest } from './request-views.ts';
import { presentFactor } from './routes/factors.ts';
import { presentNotification } from './routes/notifications.ts';
import { presentSession } from './routes/sessions.ts';
import { presentSubject } from './routes/subjects.ts';
import { presentLogin, presentUser } from './routes/users.ts';
import { presentWallet } from './wallet-views.ts';

const limit = 200;

type ReadPage = (cursor: string | undefined) => Promise<Page<unknown>>;

/** Pieces of one JSON document. The reader is the user, whoever asks. */
export async function* exportedParts(product: Product, user: User): AsyncGenerator<string> {
  const { sessions, factors, subjects, insights, requests, queries, assets } = product;
  const reader = { onlyOwner: user.id };
  yield `{"exportedAt":${JSON.stringify(new Date())},"user":${JSON.stringify(presentUser(user))}`;
  const valid = await sessions.list(user);
  yield `,"sessions":${JSON.stringify(valid.map((session) => presentSession(session, null)))}`;
  yield `,"factors":${JSON.stringify((await factors.list(user)).items.map(presentFactor))}`;
  yield `,"subjects":${JSON.stringify((await subjects.ofUser(user.id)).map(presentSubject))}`;
  yield* list('logins', async (cursor) => {
    const found = await sessions.attempts(user, { limit, cursor });
    assert(!('refusal' in found), 'the cursor is of an earlier page');
    return presented(found, presentLogin);
  });
  yield* list('notifications', async (cursor) =>
    presented(await insights.notifications.list(user.id, { limit, cursor }), presentNotification),
  );
  yield* list('requests', async (cursor) =>
    presented(await requests.list({ limit, cursor, onlyOwner: user.id }), (found) => presentRequest(found, assets, reader)),
  );
  yield ',"wallets":[';
  let separator = '';
  for await (const wallet of walletsOf(product, user.id)) {
    yield `${separator}{"wallet":${JSON.stringify(presentWallet(wallet))}`;
    yield* list('holds', async (cursor) => presented(await queries.holds(wallet, { limit, cursor, open: false }), presentHold));
    yield* list('history', async (cursor) =>
      presented(await queries.history(wallet, limit, cursor), (entry) => presentHistoryItem(entry, wallet, reader)),
    );
    yield '}';
    separator = ',';
  }
  yield ']}';
}

/** `,"name":[…]`. */
async function* list(name: string, read: ReadPage): AsyncGenerator<string> {
  yield `,"${name}":[`;
  let separator = '';
  let cursor: string | undefined;
  do {
    const { items, next } = await read(cursor);
    if (items.length > 0) yield separator + items.map((item) => JSON.stringify(item)).join(',');
    if (items.length > 0) separator = ',';
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  yield ']';
}

async function* walletsOf({ queries }: Product, owner: string): AsyncGenerator<Wallet> {
  let cursor: string | undefined;
  do {
    const { items, next } = await queries.walletsOf(owner, limit, cursor);
    yield* items;
    cursor = next ?? undefined;
  } while (cursor !== undefined);
}

function presented<T>({ items, next }: Page<T>, present: (item: T) => unknown): Page<unknown> {
  return { items: items.map(present), next };
}
