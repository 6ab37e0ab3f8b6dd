/** The assets that wallets can use. */
import { AssetView, ref, strict } from '../../../operations/index.ts';
import Type from 'typebox';
import type { App, Product } from '../app.ts';
import { problems } from '../schemas.ts';

export function assetRoutes(app: App, { assets }: Product): void {
  app.get(
    '/assets',
    {
      schema: {
        operationId: 'listAssets',
        description: 'Lists the assets that wallets can be opened in',
        tags: ['Assets'],
        response: { 200: Type.Object({ items: Type.Array(ref(AssetView)) }, strict), ...problems() },
      },
    },
    () => ({ items: assets.all.map(({ id, code, scale, name }) => ({ id, code, scale, name })) }),
  );
}
