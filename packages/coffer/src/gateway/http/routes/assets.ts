/** The assets that wallets can use. */
import { assetChangeProperties, assetProperties, AssetView, ref, strict } from '../../../operations/index.ts';
import Type from 'typebox';
import type { Static } from 'typebox';
import type { Asset } from '../../../ledger/index.ts';
import type { App, Product } from '../app.ts';
import { problem, sendProblem } from '../problem.ts';
import { problems } from '../schemas.ts';

export function assetRoutes(app: App, { assets, defaultAsset }: Product): void {
  const tags = ['Assets'];
  app.get(
    '/assets',
    {
      schema: {
        operationId: 'listAssets',
        description: 'Lists the assets that wallets can be opened in, and the retired ones',
        tags,
        response: { 200: Type.Object({ items: Type.Array(ref(AssetView)) }, strict), ...problems() },
      },
    },
    async (_request, reply) => reply.send({ items: (await assets.list()).map(presentDefinition) }),
  );

  app.post(
    '/assets',
    {
      schema: {
        operationId: 'addAsset',
        description:
          'Adds an asset, in which wallets can be opened at once. Its code, scale and kind never change. The same definition again answers 200 with the asset as it is now',
        tags,
        body: Type.Object(assetProperties, strict),
        response: { 200: ref(AssetView), 201: ref(AssetView), ...problems(409) },
      },
    },
    async (request, reply) => {
      const added = await assets.add(request.body);
      if ('refusal' in added) return sendProblem(reply, problem(added.refusal.code, added.refusal));
      return reply.code(added.added ? 201 : 200).send(presentDefinition(added.asset));
    },
  );

  app.patch(
    '/assets/:code',
    {
      schema: {
        operationId: 'changeAsset',
        description:
          'Renames an asset, retires it, or ends its retirement. In a retired asset no wallet is opened any more once this is answered; existing wallets go on',
        tags,
        params: Type.Object({ code: assetProperties.code }, strict),
        body: Type.Object(assetChangeProperties, strict),
        response: { 200: ref(AssetView), ...problems(404, 409) },
      },
    },
    async (request, reply) => {
      const changed = await assets.change(request.params.code, request.body, defaultAsset);
      return 'refusal' in changed
        ? sendProblem(reply, problem(changed.refusal.code, changed.refusal))
        : reply.send(presentDefinition(changed));
    },
  );
}

function presentDefinition({ id, code, scale, name, kind, retired }: Asset): Static<typeof AssetView> {
  return { id, code, scale, name, kind, retired };
}
