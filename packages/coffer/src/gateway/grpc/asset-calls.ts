/** The calls of ledger.LedgerService about assets. */
import type { Server } from '@grpc/grpc-js';
import type { Asset, AssetRefusal, Assets, NewAsset } from '../../ledger/index.ts';
import { ledgerService } from './generated/ledger.ts';
import { assetMessage } from './ledger-messages.ts';
import { failureOf } from './statuses.ts';
import { serve } from './unary.ts';
import type { Answer, ServeOptions } from './unary.ts';
import type { Asset as AssetMessage } from './generated/ledger.ts';

export type AssetOptions = {
  readonly assets: Assets;
  /** Code of the asset of new users' wallets. */
  readonly defaultAsset: string;
};

export function serveAssets(server: Server, options: AssetOptions & ServeOptions): void {
  const { assets, defaultAsset } = options;
  serve(
    server,
    'listAssets',
    ledgerService.listAssets,
    async () => ({ message: { assets: (await assets.list()).map(assetMessage) } }),
    options,
  );
  serve(
    server,
    'addAsset',
    ledgerService.addAsset,
    // The kind may be any text; it is checked with the rest.
    async ({ code, scale, name, kind }) => answerOf(await assets.add({ code, scale, name, kind: kind as NewAsset['kind'] })),
    options,
  );
  serve(
    server,
    'changeAsset',
    ledgerService.changeAsset,
    async ({ code, name, retired }) =>
      answerOf(await assets.change(code, { name: name ?? undefined, retired: retired ?? undefined }, defaultAsset)),
    options,
  );
}

function answerOf(found: Asset | { readonly asset: Asset } | AssetRefusal): Answer<AssetMessage> {
  if ('refusal' in found) return { failure: failureOf(found.refusal.code, found.refusal) };
  return { message: assetMessage('asset' in found ? found.asset : found) };
}
