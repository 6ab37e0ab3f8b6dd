/** The records of changes, for operators: who changed what outside the ledger. */
import type { Static } from 'typebox';
import type { RecordedChange } from '../../../audit/index.ts';
import { orNull, ref, strict, Timestamp } from '../../../operations/index.ts';
import type { App, Product } from '../app.ts';
import { page, pageQuery, problems } from '../schemas.ts';
import Type from 'typebox';

const text = (description: string, example: string) =>
  Type.Optional(Type.String({ pattern: '^[ -~]{1,256}$', description, examples: [example] }));

const Configuration = orNull(Type.Record(Type.String(), Type.Any(), { description: 'the parts that changed, without secrets' }));

const ChangeView = Type.Object(
  {
    id: Type.String(),
    kind: Type.String({ examples: ['webhooks.update'] }),
    subject: Type.String({ description: 'what was changed: the id of a user, a key, a webhook' }),
    before: Configuration,
    after: Configuration,
    actor: Type.String({ examples: ['operator:0f6d220d-61fa-4be7-b0a2-e05dbd9aee32'] }),
    requestId: orNull(Type.String({ description: 'the X-Request-Id of the answer; null if no request caused it' })),
    createdAt: Timestamp,
  },
  { $id: 'RecordedChange', ...strict },
);
export const changeSchemas = [ChangeView];

const query = Type.Object(
  {
    ...pageQuery('^[1-9][0-9]{0,14}$').properties,
    actor: text('who changed it', 'cli:root'),
    subject: text('the id of what was changed', 'withdrawal-amount'),
    kind: text('the kind of change', 'fraud.change'),
    requestId: text('the X-Request-Id of an answer', 'r-4711'),
  },
  strict,
);

export function changeRoutes(app: App, { changes }: Product): void {
  app.get(
    '/audit/changes',
    {
      schema: {
        operationId: 'listChanges',
        description:
          'Lists what staff, services and the command line changed outside the ledger, newest first: rights, keys, webhooks, rules, decisions. A record is written in the transaction of its change',
        tags: ['Operations'],
        querystring: query,
        response: { 200: page(ref(ChangeView)), ...problems() },
      },
    },
    async (request) => {
      const { limit = 50, cursor, ...filter } = request.query;
      const rows = await changes.list({ ...filter, before: cursor === undefined ? undefined : Number(cursor) }, limit + 1);
      const items = rows.slice(0, limit);
      return { items: items.map(presentChange), next: rows.length > limit ? String(items.at(-1)?.id) : null };
    },
  );
}

function presentChange({ id, at, before, after, ...change }: RecordedChange): Static<typeof ChangeView> {
  const parts = { before: before as Static<typeof Configuration>, after: after as Static<typeof Configuration> };
  return { ...change, ...parts, id: String(id), createdAt: at.toISOString() };
}
