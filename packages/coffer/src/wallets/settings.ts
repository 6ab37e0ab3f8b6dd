/** The settings of the wallets. */
import { asRead, settingGroup } from '../kernel/index.ts';
import type { Parser } from '../kernel/index.ts';

const assetCode: Parser<string> = {
  type: 'asset code',
  parse: (text) =>
    /^[A-Z][A-Z0-9_]{0,31}$/.test(text) ? { value: text } : { instead: 'a code of capital letters and digits, such as USD' },
};

export const walletSettings = settingGroup({
  title: 'Wallets',
  rows: {
    defaultAsset: {
      name: 'COFFER_DEFAULT_ASSET',
      reads: assetCode,
      default: 'USD',
      absent: 'USD',
      meaning: "asset of a new user's wallet",
      example: 'EUR',
    },
  },
  combine: asRead,
});
