/** Reports for finance, as answers. */
import Type from 'typebox';
import type { Static } from 'typebox';
import { accountTypes } from '../../ledger/index.ts';
import type { AccountType } from '../../ledger/index.ts';
import { AmountText, amountText, AssetBrief, orNull, presentAsset, ref, strict, Timestamp } from '../../operations/index.ts';
import type { AssetReport, TrialBalance } from '../../reports/index.ts';

const described = {
  account: Type.String({ description: 'id of the account; wallets: all wallets of the asset together', examples: ['revenue:marketplace'] }),
  name: Type.String(),
  type: Type.Unsafe<AccountType>({ type: 'string', enum: [...accountTypes] }),
  parent: orNull(Type.String()),
};

const TrialLine = Type.Object({ ...described, debit: AmountText, credit: AmountText }, { $id: 'TrialLine', ...strict });

const TrialBalanceOfAsset = Type.Object(
  {
    asset: ref(AssetBrief),
    lines: Type.Array(ref(TrialLine)),
    debit: AmountText,
    credit: AmountText,
    difference: amountText('debit minus credit: always 0'),
  },
  { $id: 'TrialBalanceOfAsset', ...strict },
);

export const TrialBalanceView = Type.Object(
  { at: orNull(Timestamp), assets: Type.Array(ref(TrialBalanceOfAsset)) },
  { $id: 'TrialBalance', ...strict, description: 'at is null for a report of this moment' },
);

const ReportLine = Type.Object(
  { ...described, balance: AmountText, total: amountText('with the accounts below it') },
  { $id: 'ReportLine', ...strict, description: 'balance and total are positive on the normal side of the type' },
);

const ReportSection = Type.Object(
  { type: described.type, lines: Type.Array(ref(ReportLine)), total: AmountText },
  { $id: 'ReportSection', ...strict },
);

const ReportOfAsset = Type.Object(
  {
    asset: ref(AssetBrief),
    sections: Type.Array(ref(ReportSection)),
    result: amountText('revenue minus expenses; in a balance sheet, assets are liabilities plus equity plus this'),
  },
  { $id: 'ReportOfAsset', ...strict },
);

export const BalanceSheetView = Type.Object(
  { at: orNull(Timestamp), assets: Type.Array(ref(ReportOfAsset)) },
  { $id: 'BalanceSheet', ...strict, description: 'at is null for a report of this moment' },
);

export const IncomeView = Type.Object(
  { since: orNull(Timestamp), until: orNull(Timestamp), assets: Type.Array(ref(ReportOfAsset)) },
  { $id: 'Income', ...strict, description: 'of what was recorded at or after since and before until; null: from the first, to the last' },
);

export const reportSchemas = [
  TrialLine,
  TrialBalanceOfAsset,
  TrialBalanceView,
  ReportLine,
  ReportSection,
  ReportOfAsset,
  BalanceSheetView,
  IncomeView,
];

export function presentTrialBalance({ asset, lines, debit, credit, difference }: TrialBalance): Static<typeof TrialBalanceOfAsset> {
  return {
    asset: presentAsset(asset),
    lines: lines.map((line) => ({ ...line, debit: line.debit.toString(), credit: line.credit.toString() })),
    debit: debit.toString(),
    credit: credit.toString(),
    difference: difference.toString(),
  };
}

export function presentReport({ asset, sections, result }: AssetReport): Static<typeof ReportOfAsset> {
  return {
    asset: presentAsset(asset),
    sections: sections.map(({ type, lines, total }) => ({
      type,
      lines: lines.map((line) => ({ ...line, balance: line.balance.toString(), total: line.total.toString() })),
      total: total.toString(),
    })),
    result: result.toString(),
  };
}
