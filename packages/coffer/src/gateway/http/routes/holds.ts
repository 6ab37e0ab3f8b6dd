/** Holds: an amount of a wallet is authorised, then captured wholly or in parts, released, or it expires. */
import Type from 'typebox';
import type { App, Product } from '../app.ts';
import { callerOf } from '../callers.ts';
import { CaptureRequest, HoldRequest, readCapture, readRelease, ReleaseRequest } from '../hold-requests.ts';
import { Authorization, HoldView, HoldWithParts, presentAuthorization, presentHold, presentHoldPart } from '../hold-views.ts';
import { keyHeaders, Posting, presentPosting, sendOutcome } from '../postings.ts';
import { problem, sendProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { readAmount, readContent } from '../request-content.ts';
import { HoldId, page, pageQuery, problems, ref, strict, WalletId } from '../schemas.ts';
import { noSuchWallet } from './wallet-reads.ts';

const walletParams = Type.Object({ id: WalletId }, strict);
const holdParams = Type.Object({ holdId: HoldId }, strict);

const holdsPage = pageQuery('^[1-9][0-9]{0,8}-[1-9][0-9]{0,14}$');
const holdsQuery = Type.Object(
  {
    ...holdsPage.properties,
    open: Type.Optional(Type.Boolean({ description: 'true: only those of which something can still be captured' })),
  },
  strict,
);

export function holdRoutes(app: App, product: Product): void {
  const { commands, queries, assets } = product;
  const described = (operationId: string, description: string) => ({
    operationId,
    description,
    tags: ['Holds'],
  });
  const changing = { headers: keyHeaders };

  app.post(
    '/wallet/:id/holds',
    {
      schema: {
        ...described(
          'authorizeHold',
          'Reserves an amount of a wallet, which nothing else can take until it is captured, released or expired',
        ),
        ...changing,
        params: walletParams,
        body: HoldRequest,
        response: { 201: ref(Authorization), ...problems(401, 404, 409, 422) },
      },
    },
    async (request, reply) => {
      const { body, params } = request;
      const asked = readContent(request, reply, body);
      const { expiresInSeconds } = body;
      const outcome = await commands.hold({ ...asked, ...readAmount(body), wallet: params.id, expiresInSeconds });
      return sendOutcome(reply, outcome, 201, (entry) => presentAuthorization(entry, assets));
    },
  );

  app.get(
    '/wallet/:id/holds',
    {
      schema: {
        ...described('listHolds', "A wallet's holds, newest first"),
        params: walletParams,
        querystring: holdsQuery,
        response: { 200: page(ref(HoldView)), ...problems(401, 404) },
      },
    },
    async (request, reply) => {
      const wallet = await queries.wallet(request.params.id, callerOf(request));
      if (!wallet) return sendProblem(reply, noSuchWallet(request.params.id));
      const { limit = 50, cursor, open = false } = request.query;
      const { items, next } = await queries.holds(wallet, { limit, cursor, open });
      return reply.send({ items: items.map(presentHold), next });
    },
  );

  app.get(
    '/holds/:holdId',
    {
      schema: {
        ...described('getHold', 'A hold as it stands, and what became of it'),
        params: holdParams,
        response: { 200: ref(HoldWithParts), ...problems(401, 404) },
      },
    },
    async (request, reply) => {
      const hold = await queries.hold(request.params.holdId, callerOf(request));
      if (!hold) return sendProblem(reply, noSuchHold(request.params.holdId));
      return reply.send({ ...presentHold(hold), parts: hold.entries.map(presentHoldPart) });
    },
  );

  app.post(
    '/holds/:holdId/capture',
    {
      schema: {
        ...described(
          'captureHold',
          'Moves a part of a hold, or all that is left of it, to a wallet or a system account; to cash_out when none is named',
        ),
        ...changing,
        params: holdParams,
        body: CaptureRequest,
        response: { 201: ref(Posting), ...problems(401, 404, 409, 422) },
      },
    },
    async (request, reply) => {
      const { body, params } = request;
      const asked = readContent(request, reply, body);
      const outcome = await commands.capture({ ...asked, ...readCapture(body), hold: params.holdId });
      return sendOutcome(reply, outcome, 201, (entry) => presentPosting(entry, assets, callerOf(request)));
    },
  );

  app.post(
    '/holds/:holdId/release',
    {
      schema: {
        ...described('releaseHold', 'Gives a part of a hold, or all that is left of it, back to its wallet'),
        ...changing,
        params: holdParams,
        body: ReleaseRequest,
        response: { 201: ref(Posting), ...problems(401, 404, 409, 422) },
      },
    },
    async (request, reply) => {
      const { body, params } = request;
      const asked = readContent(request, reply, body);
      const outcome = await commands.release({ ...asked, ...readRelease(body), hold: params.holdId });
      return sendOutcome(reply, outcome, 201, (entry) => presentPosting(entry, assets, callerOf(request)));
    },
  );
}

function noSuchHold(hold: string): Problem {
  return problem('hold_not_found', { facts: { hold } });
}
