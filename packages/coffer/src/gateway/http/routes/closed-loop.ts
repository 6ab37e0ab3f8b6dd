/** The closed loop of an application's own credits: a user tops up from the treasury and spends back to it. */
import Type from 'typebox';
import type { App, Product } from '../app.ts';
import { callerOf, ownerOf } from '../callers.ts';
import { problem, sendProblem } from '../problem.ts';
import { keyHeaders, presentSuccess, sendOutcome, Success } from '../postings.ts';
import { readContent, readMoney } from '../request-content.ts';
import { closedLoopProperties, problems, ref, strict } from '../schemas.ts';

const body = Type.Object(closedLoopProperties, strict);

export function closedLoopRoutes(app: App, product: Product): void {
  for (const command of ['topUp', 'spend'] as const) {
    app.post(
      command === 'topUp' ? '/wallet/topup' : '/wallet/spend',
      {
        schema: {
          operationId: command,
          description:
            command === 'topUp'
              ? "Credits from the treasury to the caller's wallet, or to that of user_id, which is opened on the way"
              : "Credits from the caller's wallet, or from that of user_id, back to the treasury",
          tags: ['Closed loop'],
          headers: keyHeaders,
          body,
          response: { 200: ref(Success), ...problems(401, 404, 409, 422) },
        },
      },
      async (request, reply) => {
        const owner = ownerOf(request, request.body.user_id, 'user_id');
        const found = request.body.user_id === undefined ? null : await product.users.get(owner);
        if (found && 'refusal' in found) return sendProblem(reply, problem(found.refusal.code, found.refusal));
        const asked = readContent(request, reply, request.body);
        const outcome = await product.commands[command]({
          ...asked,
          ...readMoney(request.body),
          owner,
          asset: request.body.asset_type_id,
        });
        return sendOutcome(reply, outcome, 200, (entry) => presentSuccess(entry, product.assets, callerOf(request)));
      },
    );
  }
}
