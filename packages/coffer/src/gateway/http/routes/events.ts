/** The event log, in the order in which things were committed. */
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
    id: Type.String({ description: 'stable: the same event has it everywhere', examples: ['1-42-1'] }),
    seq: Seq,
    part: Type.Integer({ description: 'place among the events of one entry' }),
    type: Type.String({ examples: ['FundsDeposited'] }),
    walletId: Type.String({ description: 'the wallet that the event is about' }),
    createdAt: Timestamp,
    data: Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true }),
  },
  { $id: 'Event', ...strict },
);
/** A place in the log of each book. */
export const eventCursorPattern = '^[0-9]{1,15}-[0-9]{1,4}([.][0-9]{1,15}-[0-9]{1,4}){0,1023}$';
export const eventSchemas = [EventView];

export function eventRoutes(app: App, product: Product): void {
  app.get(
    '/events',
    {
      schema: {
        operationId: 'listEvents',
        description: 'The event log in order; the cursor is a place to come back to, also at the end of the log',
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
 * From a place after the end of the log nothing would come, without a word, until the log has grown past it: what is recorded until then
 * would be missed.
 */
export async function refuseBeyond({ queries }: Pick<Product, 'queries'>, place: string | undefined, book?: number): Promise<void> {
  if (place === undefined || !(await queries.isBeyondLog(place, book))) return;
  throw new ProblemError(
    malformed(
      'The cursor is after the end of the log: the log was reset or restored from a backup, or the cursor is of another log. Read it again from the beginning: 0-0.',
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
