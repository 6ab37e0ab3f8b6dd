/** One route per posting operation. Its schema, its answers and its handler derive from the definition. */
import Type from 'typebox';
import type { TSchema } from 'typebox';
import { definitions, HoldId, OperationId, ref, strict, WalletId } from '../../../operations/index.ts';
import type { Definition, OperationOutcome, Subject, Terms } from '../../../operations/index.ts';
import { firstOfUnknownOwner } from '../../access/index.ts';
import type { App, Product, Reply, Request } from '../app.ts';
import { acceptLater, Async, asyncHeaders, isAsync, twinHeld } from '../async-requests.ts';
import { callerOf } from '../callers.ts';
import { inputOf, singleBody } from '../input.ts';
import { keyHeader, keyHeaders, sendOutcome } from '../outcomes.ts';
import { problem, sendProblem } from '../problem.ts';
import { RequestView } from '../request-views.ts';
import { problems } from '../schemas.ts';
import { inUnit, unitOf } from '../units.ts';

export function postOperationRoutes(app: App, product: Product): void {
  for (const definition of definitions) postRoute(app, product, definition);
}

/** The path parameter for the id of the subject. */
const subjects = {
  walletId: { param: 'id', schema: WalletId },
  holdId: { param: 'holdId', schema: HoldId },
  operationId: { param: 'operationId', schema: OperationId },
} as const satisfies Record<Subject, { param: string; schema: TSchema }>;

function postRoute(app: App, product: Product, definition: Definition): void {
  const { name, description, fields, rest, subject } = definition;
  const answer = rest.answer ?? definition.answer;
  const subjectParam = subject && subjects[subject];
  const done = ref(answer.schema);
  app.route({
    method: rest.method,
    url: rest.path,
    schema: {
      operationId: name,
      description,
      tags: [rest.tag],
      ...(subjectParam && { params: Type.Object({ [subjectParam.param]: subjectParam.schema }, strict) }),
      headers: rest.async ? asyncHeaders : 'expectedVersion' in fields ? keyHeaders : keyHeader,
      body: Type.Object({ ...singleBody(definition), ...(rest.async && { async: Type.Optional(Async) }) }, strict),
      response: {
        [rest.status]: done,
        ...(rest.async && { 202: name === 'transfer' ? Type.Union([done, ref(RequestView)]) : ref(RequestView) }),
        ...problems(401, ...(subject ? [] : [403]), 404, 409, 422),
      },
    },
    handler: async (request, reply) => {
      const body = request.body as Readonly<Record<string, unknown>>;
      const given = inputOf(product, request, reply, definition, body, subjectOf(request, subject));
      const counting = product.commands.counted(definition, given);
      const counted = counting instanceof Promise ? await counting : counting;
      const wanted = counted.definition.read(counted.input);
      const stranger = await firstOfUnknownOwner([wanted], callerOf(request), (owners) => product.users.unknownAmong(owners));
      if (stranger !== null) return sendProblem(reply, problem('user_not_found'));
      const atOnce = async () => {
        const outcome = await product.commands.run(counted.definition, wanted);
        const held = rest.async ? await twinHeld(product, request, definition, wanted, outcome) : null;
        return held ? sendProblem(reply, held) : send(request, reply, outcome, wanted);
      };
      if (!rest.async || !isAsync(request, reply, body) || counted.refused) return await atOnce();
      return await acceptLater(product, request, reply, definition, wanted, atOnce);
    },
  });

  function send(request: Request, reply: Reply, outcome: OperationOutcome, wanted: Terms): Reply {
    const unit = unitOf(request.body as object);
    const view = { assets: product.assets, reader: callerOf(request), request: wanted };
    return sendOutcome(reply, outcome, product.assets, rest.status, (posted) => inUnit(unit, answer.present(posted, view)));
  }
}

function subjectOf(request: Request, subject: Subject | undefined): Readonly<Record<string, string>> {
  if (!subject) return {};
  const params = request.params as Readonly<Record<string, string>>;
  return { [subject]: params[subjects[subject].param] ?? '' };
}
