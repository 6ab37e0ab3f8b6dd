/** The API audit, for operators: who requested what, when, and with which outcome. */
import type { Static } from 'typebox';
import type { AuditRow } from '../../../audit/index.ts';
import { OperationId, orNull, ref, strict, Timestamp, WalletId } from '../../../operations/index.ts';
import type { App, Product } from '../app.ts';
import { malformed, problem, ProblemError, sendProblem } from '../problem.ts';
import { limitMax, page, problems } from '../schemas.ts';
import Type from 'typebox';

const AuditView = Type.Object(
  {
    id: Type.String(),
    requestId: Type.String({ description: 'the X-Request-Id of the answer' }),
    transport: Type.String({ examples: ['http'] }),
    method: Type.String(),
    url: Type.String(),
    operation: orNull(
      Type.String({ description: 'the operationId in this document; null if the path does not exist', examples: ['deposit'] }),
    ),
    body: orNull(Type.String({ description: 'JSON with secrets removed; long bodies are truncated' })),
    headers: Type.String({ description: 'the recorded headers, as JSON' }),
    clientIp: orNull(Type.String()),
    actor: Type.String({ examples: ['anonymous'] }),
    startedAt: Timestamp,
    status: orNull(Type.Integer({ description: 'HTTP or gRPC status; null if the caller disconnected before the answer' })),
    durationMs: Type.Number(),
    idempotencyKey: orNull(Type.String()),
    walletId: orNull(Type.String()),
    operationIds: Type.Array(Type.String(), { description: 'the ledger operations that the request caused' }),
  },
  { $id: 'AuditRow', ...strict },
);
export const auditSchemas = [AuditView];

const Moment = Type.String({
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2}))?$',
  description: 'a date, or a timestamp with its time zone',
  examples: ['2026-01-31T12:00:00Z'],
});

const query = Type.Object(
  {
    actor: Type.Optional(Type.String({ pattern: '^[ -~]{1,256}$', description: 'who sent the request', examples: ['anonymous'] })),
    walletId: Type.Optional(WalletId),
    operationId: Type.Optional(OperationId),
    requestId: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$', description: 'the X-Request-Id of an answer', examples: ['checkout-4711'] }),
    ),
    since: Type.Optional(Moment),
    until: Type.Optional(Moment),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: limitMax, default: 50, description: `maximum number of items: 1 to ${limitMax}` }),
    ),
    cursor: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,14}$', description: 'the `next` of the previous page' })),
  },
  strict,
);

export function auditRoutes(app: App, product: Product): void {
  app.get(
    '/audit',
    {
      schema: {
        operationId: 'listAudit',
        description: 'Lists API requests that may have changed something, newest first; a request appears within a second',
        tags: ['Operations'],
        querystring: query,
        response: { 200: page(ref(AuditView)), ...problems(404) },
      },
    },
    async (request, reply) => {
      const audit = product.observation?.audit;
      if (!audit) return sendProblem(reply, problem('audit_off'));
      const { limit = 50, cursor, since, until, operationId, walletId, actor, requestId } = request.query;
      const rows = await audit.read(
        {
          actor,
          requestId,
          wallet: walletId,
          operation: operationId === undefined ? undefined : placeOf(operationId),
          since: momentOf(since),
          until: momentOf(until),
          before: cursor === undefined ? undefined : Number(cursor),
        },
        limit + 1,
      );
      const items = rows.slice(0, limit);
      return { items: items.map(presentRow), next: rows.length > limit ? String(items.at(-1)?.id) : null };
    },
  );
}

function placeOf(operationId: string): { book: number; seq: number } {
  const [book = 0, seq = 0] = operationId.split('-').map(Number);
  // A name that no operation can have is searched for like any other, and not found.
  return book <= 2_147_483_647 && Number.isSafeInteger(seq) ? { book, seq } : { book: 0, seq: 0 };
}

function momentOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime()))
    throw new ProblemError(malformed(`"${text}" is not a valid timestamp. Send one such as 2026-01-31T12:00:00Z.`));
  return moment;
}

function presentRow({ id, startedAt, wallet, operationIds, ...row }: AuditRow): Static<typeof AuditView> {
  return { ...row, id: String(id), startedAt: startedAt.toISOString(), walletId: wallet, operationIds: [...operationIds] };
}
