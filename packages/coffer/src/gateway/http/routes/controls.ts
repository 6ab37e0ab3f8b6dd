/** Controls: what operators decide about a wallet, with their reason. */
import Type from 'typebox';
import type { RecordedEntry } from '../../../ledger/index.ts';
import { actorOf } from '../actor.ts';
import type { App, Product, Reply, Request } from '../app.ts';
import {
  CloseRequest,
  CreditLineRequest,
  FreezeRequest,
  LimitsRequest,
  readClose,
  readCreditLine,
  readFreeze,
  readLimits,
} from '../control-requests.ts';
import { ControlView, presentControl } from '../control-views.ts';
import { keyHeaders, sendOutcome } from '../postings.ts';
import { readContent, readReason } from '../request-content.ts';
import type { TermsBody } from '../request-content.ts';
import { problems, ref, strict, WalletId } from '../schemas.ts';

const params = Type.Object({ id: WalletId }, strict);
export function controlRoutes(app: App, product: Product): void {
  const { commands } = product;
  const described = (operationId: string, description: string, status: 200 | 201) => ({
    operationId,
    description,
    tags: ['Controls'],
    params,
    headers: keyHeaders,
    response: { [status]: ref(ControlView), ...problems(401, 404, 409, 422) },
  });
  const present = (entry: RecordedEntry) => presentControl(entry, product.assets);

  for (const kind of ['freeze', 'unfreeze'] as const) {
    const description =
      kind === 'freeze'
        ? 'Lets no money out of a wallet, into it, or both, until it is unfrozen; reversals still pass'
        : 'Lets money pass again. What is closed stays closed';
    app.post(
      `/wallet/:id/${kind}`,
      { schema: { ...described(`${kind}Wallet`, description, 201), body: FreezeRequest } },
      async (request, reply) => {
        const { body, params } = request;
        const outcome = await commands[kind]({ ...read(request, reply, body), wallet: params.id, ...readFreeze(body) });
        return sendOutcome(reply, outcome, 201, present);
      },
    );
  }

  app.post(
    '/wallet/:id/close',
    {
      schema: {
        ...described('closeWallet', 'Closes a wallet for good. It must be empty, or what it holds is swept to the account named', 201),
        body: CloseRequest,
      },
    },
    async (request, reply) => {
      const { body, params } = request;
      const asked = { ...read(request, reply, body), wallet: params.id, ...readClose(body) };
      return sendOutcome(reply, await commands.close(asked), 201, present);
    },
  );

  app.put(
    '/wallet/:id/limits',
    {
      schema: {
        ...described('setLimits', 'Replaces the limits of what may leave a wallet; a limit that is not given is none', 200),
        body: LimitsRequest,
      },
    },
    async (request, reply) => {
      const { body, params } = request;
      const outcome = await commands.setLimits({ ...read(request, reply, body), wallet: params.id, ...readLimits(body) });
      return sendOutcome(reply, outcome, 200, present);
    },
  );

  app.put(
    '/wallet/:id/credit-line',
    {
      schema: { ...described('setCreditLine', 'Sets how far below zero a wallet may go', 200), body: CreditLineRequest },
    },
    async (request, reply) => {
      const { body, params } = request;
      const outcome = await commands.setCreditLine({ ...read(request, reply, body), wallet: params.id, ...readCreditLine(body) });
      return sendOutcome(reply, outcome, 200, present);
    },
  );
}

function read(request: Request, reply: Reply, body: TermsBody & { readonly reason: string }) {
  return { ...readContent(request, reply, body), reason: readReason(body), actor: actorOf(request) };
}
