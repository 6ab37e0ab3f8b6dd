/** The closed loop of an application's own credits: a user tops up from the treasury and spends back to it. */
import Type from 'typebox';
import type { App, Product } from '../app.ts';
import { requiredLogin, userOf } from '../callers.ts';
import { keyHeaders, presentSuccess, sendOutcome, Success } from '../postings.ts';
import { amountOf, readContent } from '../request-content.ts';
import { Amount, AssetNumber, keyProperties, Metadata, problems, ref, strict, Version } from '../schemas.ts';

const body = Type.Object(
  {
    amount: Amount,
    asset_type_id: AssetNumber,
    ...keyProperties,
    expectedVersion: Type.Optional(Version),
    metadata: Type.Optional(Metadata),
  },
  strict,
);

export function closedLoopRoutes(app: App, product: Product): void {
  for (const command of ['topUp', 'spend'] as const) {
    app.post(
      command === 'topUp' ? '/wallet/topup' : '/wallet/spend',
      {
        schema: {
          operationId: command,
          description:
            command === 'topUp'
              ? "Credits from the treasury to the caller's wallet, which is opened on the way"
              : "Credits from the caller's wallet back to the treasury",
          tags: ['Closed loop'],
          security: [{ bearer: [] }],
          headers: keyHeaders,
          body,
          response: { 200: ref(Success), ...problems(401, 404, 409, 422) },
        },
        onRequest: requiredLogin(product),
      },
      async (request, reply) => {
        const user = await userOf(product, request);
        const asked = readContent(request, reply, request.body);
        const outcome = await product.commands[command]({
          ...asked,
          owner: user.id,
          amount: amountOf(request.body),
          asset: request.body.asset_type_id,
        });
        return sendOutcome(reply, outcome, 200, (entry) => presentSuccess(entry, product.assets));
      },
    );
  }
}
