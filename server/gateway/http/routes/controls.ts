/** Controls: what operators decide about a wallet, with their reason. */
import Type from 'typebox';
import type { RecordedEntry } from '../../../ledger/index.ts';
import type { WalletOutcome } from '../../../wallets/index.ts';
import { actorOf } from '../actor.ts';
import type { App, Product, Reply, Request } from '../app.ts';
import { ControlView, presentControl } from '../control-views.ts';
import { keyHeaders, sendOutcome } from '../postings.ts';
import { amountOrZeroOf, readContent, readDestination, readReason } from '../request-content.ts';
import type { TermsBody } from '../request-content.ts';
import { CreditLimit, Destination, Limit, problems, Reason, ref, Sides, strict, termProperties, WalletId } from '../schemas.ts';

const params = Type.Object({ id: WalletId }, strict);
const decided = { reason: Reason, ...termProperties };

const Freeze = Type.Object({ sides: Type.Optional(Sides), ...decided }, strict);
const Close = Type.Object(
  { sides: Type.Optional(Sides), sweepTo: Type.Optional(Destination), sweepToWalletId: Type.Optional(WalletId), ...decided },
  strict,
);
const Limits = Type.Object(
  { perTransfer: Type.Optional(Limit), perDay: Type.Optional(Limit), perMonth: Type.Optional(Limit), ...decided },
  strict,
);
const CreditLine = Type.Object({ creditLimit: CreditLimit, ...decided }, strict);

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
      { schema: { ...described(`${kind}Wallet`, description, 201), body: Freeze } },
      async (request, reply) => {
        const { body, params } = request;
        const outcome = await commands[kind]({ ...read(request, reply, body), wallet: params.id, sides: body.sides ?? 'both' });
        return sendOutcome(reply, outcome, 201, present);
      },
    );
  }

  app.post(
    '/wallet/:id/close',
    {
      schema: {
        ...described('closeWallet', 'Closes a wallet for good. It must be empty, or what it holds is swept to the account named', 201),
        body: Close,
      },
    },
    async (request, reply) => {
      const { body, params } = request;
      const sweepTo = readDestination(body.sweepToWalletId, body.sweepTo);
      const asked = { ...read(request, reply, body), wallet: params.id, sides: body.sides ?? ('both' as const), sweepTo };
      return sendOutcome(reply, await commands.close(asked), 201, present);
    },
  );

  app.put(
    '/wallet/:id/limits',
    {
      schema: {
        ...described('setLimits', 'Replaces the limits of what may leave a wallet; a limit that is not given is none', 200),
        body: Limits,
      },
    },
    async (request, reply) => {
      const { body, params } = request;
      const limits = { perTransfer: limitOf(body.perTransfer), perDay: limitOf(body.perDay), perMonth: limitOf(body.perMonth) };
      const outcome: WalletOutcome = await commands.setLimits({ ...read(request, reply, body), wallet: params.id, limits });
      return sendOutcome(reply, outcome, 200, present);
    },
  );

  app.put(
    '/wallet/:id/credit-line',
    {
      schema: { ...described('setCreditLine', 'Sets how far below zero a wallet may go', 200), body: CreditLine },
    },
    async (request, reply) => {
      const { body, params } = request;
      const creditLimit = amountOrZeroOf(body.creditLimit);
      const outcome = await commands.setCreditLine({ ...read(request, reply, body), wallet: params.id, creditLimit });
      return sendOutcome(reply, outcome, 200, present);
    },
  );
}

function read(request: Request, reply: Reply, body: TermsBody & { readonly reason: string }) {
  return { ...readContent(request, reply, body), reason: readReason(body), actor: actorOf(request) };
}

function limitOf(given: string | number | null | undefined): bigint | null {
  return given === null || given === undefined ? null : amountOrZeroOf(given);
}
