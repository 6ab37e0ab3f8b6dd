/** Operations for property tests: few wallets, few keys and awkward amounts, so that everything collides with everything. */
import fc from 'fast-check';
import type { AccountRef, Operation, SystemKind, TransferKind, TransferOperation } from '../../server/ledger/index.ts';

/** What one caller asks for at once; several: all or none. */
export type Asked = readonly Operation[];

/** Assets that exist; 9 does not. */
export const assets = [1, 2] as const;

const wallets = ['a', 'b', 'c', 'd', 'e'] as const;
const keys = Array.from({ length: 14 }, (_, at) => `key ${at}`);
const metadata = [undefined, '{"order":17}', '{ "note": "käse \\n", "nothing": null, "list": [1, {"x": null}] }'] as const;

/** Mostly small, so that wallets run dry now and then; and every border of a number format. */
const amount = fc.oneof(
  { weight: 12, arbitrary: fc.bigInt({ min: 1n, max: 60n }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0n, -1n, 10n ** 38n, 10n ** 38n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 10n ** 20n, 9_999n, 10_000n),
  },
);

const asset = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(1, 2) }, { weight: 1, arbitrary: fc.constant(9) });
const maybeAsset = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  { weight: 3, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: asset },
);
const key = fc.constantFrom(...keys);
const wallet = fc.constantFrom(...wallets);

const spec = (name: string) =>
  fc.record({
    owner: fc.constantFrom(null, `owner of ${name}`),
    asset: fc.oneof({ weight: 8, arbitrary: fc.constant(1) }, { weight: 2, arbitrary: asset }),
    // A credit line, none, and a wallet that must keep something.
    floor: fc.constantFrom(0n, 0n, -25n, 5n),
  });

const opening: fc.Arbitrary<Operation> = wallet.chain((name) =>
  fc.record({ kind: fc.constant('open' as const), key, wallet: fc.constant(name), opens: spec(name) }),
);

/** Where money may come from and go to, kind by kind. */
const sides: Record<TransferKind, readonly [debit: 'wallet' | SystemKind, credit: 'wallet' | SystemKind]> = {
  deposit: ['cash_in', 'wallet'],
  withdrawal: ['wallet', 'cash_out'],
  topup: ['treasury', 'wallet'],
  spend: ['wallet', 'treasury'],
  transfer: ['wallet', 'wallet'],
  issue: ['issuance', 'treasury'],
};

function side(who: 'wallet' | SystemKind, mayOpen: boolean): fc.Arbitrary<AccountRef> {
  if (who !== 'wallet') return fc.constant({ system: who });
  if (!mayOpen) return fc.record({ wallet });
  return fc.oneof(
    fc.record({ wallet }),
    wallet.chain((name) => fc.record({ wallet: fc.constant(name), opens: spec(name) })),
  );
}

function transferOf(kind: TransferKind): fc.Arbitrary<Operation> {
  const [debit, credit] = sides[kind];
  return fc
    .record({
      debit: side(debit, kind === 'withdrawal'),
      credit: side(credit, true),
      key,
      amount,
      asset: kind === 'issue' ? asset : maybeAsset,
      expectedVersion: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat({ max: 4 }) }),
      metadata: fc.constantFrom(...metadata),
    })
    .map(({ asset, expectedVersion, metadata, ...rest }): TransferOperation => {
      return {
        kind,
        ...rest,
        ...(asset !== undefined && { asset }),
        ...(expectedVersion !== undefined && { expectedVersion }),
        ...(metadata !== undefined && { metadata }),
      };
    });
}

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 2, arbitrary: opening },
  { weight: 6, arbitrary: transferOf('deposit') },
  { weight: 3, arbitrary: transferOf('withdrawal') },
  { weight: 2, arbitrary: transferOf('topup') },
  { weight: 2, arbitrary: transferOf('spend') },
  { weight: 6, arbitrary: transferOf('transfer') },
  { weight: 2, arbitrary: transferOf('issue') },
);

/** What callers ask for, one after the other; a part of it in all-or-nothing groups. */
export function requests(most: number): fc.Arbitrary<Asked[]> {
  const request = fc.oneof(
    { weight: 5, arbitrary: operation.map((one) => [one]) },
    { weight: 1, arbitrary: fc.array(operation, { minLength: 1, maxLength: 5 }) },
  );
  return fc.array(request, { maxLength: most, size: 'max' });
}
