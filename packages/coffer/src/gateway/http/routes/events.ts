/** The event log, in commit order. */
import { Seq, Timestamp, ref, strict } from '../../../operations/index.ts';
import Type from 'typebox';
import type { Static } from 'typebox';
import type { LedgerEvent } from '../../../ledger/index.ts';
import { visibleEvent } from '../../../visibility/index.ts';
import type { Reader } from '../../../wallets/index.ts';
import type { App, Product } from '../app.ts';
import { callerOf } from '../callers.ts';
import { malformed, ProblemError } from '../problem.ts';
import { page, pageQuery, problems } from '../schemas.ts';

export const EventView = Type.Object(
  {
    id: Type.String({ description: 'stable: the same event has the same id everywhere', examples: ['1-42-1'] }),
    seq: Seq,
    part: Type.Integer({ description: 'position among the events of one entry' }),
    type: Type.String({ examples: ['FundsDeposited'] }),
    walletId: Type.String({ description: 'the wallet that the event is about' }),
    createdAt: Timestamp,
    data: Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true }),
  },
  { $id: 'Event', ...strict },
);
/** A cursor: a position in the log of each book. */
export const eventCursorPattern = '^[0-9]{1,15}-[0-9]{1,4}([.][0-9]{1,15}-[0-9]{1,4}){0,1023}$';
export const eventSchemas = [EventView];

export function eventRoutes(app: App, product: Product): void {
  app.get(
    '/events',
    {
      schema: {
        operationId: 'listEvents',
        description: 'Lists the event log in order. Store the cursor to continue later, also at the end of the log',
        tags: ['Events'],
        querystring: pageQuery(eventCursorPattern),
        response: { 200: page(ref(EventView)), ...problems(401) },
      },
    },
    async (request) => {
      const { limit = 50, cursor } = request.query;
      const { items, next } = await product.queries.events(limit, cursor);
      if (items.length === 0) await refuseBeyond(product, cursor);
      return { items: items.map(presentTo(callerOf(request))), next: next ?? cursor ?? null };
    },
  );
}

/**
 * Refuses a cursor beyond the end of the log: the reader would silently get nothing until the log had grown past it, and would
 * miss all events recorded until then.
 */
export async function refuseBeyond({ queries }: Pick<Product, 'queries'>, place: string | undefined, book?: number): Promise<void> {
  if (place === undefined || !(await queries.isBeyondLog(place, book))) return;
  throw new ProblemError(
    malformed(
      'The cursor is beyond the end of the log: the log was reset or restored from a backup, or the cursor belongs to another log. Read the log again from the beginning: 0-0.',
    ),
  );
}

/** Events as the reader may see them. */
export function presentTo(reader: Reader): (event: LedgerEvent) => Static<typeof EventView> {
  return (event) => {
    const { id, seq, part, type, wallet, recordedAt, data } = visibleEvent(event, reader);
    return { id, seq, part, type, walletId: wallet, createdAt: recordedAt.toISOString(), data };
  };
}
