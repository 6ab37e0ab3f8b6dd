/** What people are told, and in which words. Few things: what is not worth a look is not told. */

export type NotificationKind =
  | 'money_received'
  | 'movement_flagged'
  | 'wallet_frozen'
  | 'wallet_unfrozen'
  | 'wallet_closed'
  | 'fraud_found';

/** What is also worth an e-mail: what a user may have to do something about. */
export const mailedKinds: readonly NotificationKind[] = ['movement_flagged', 'wallet_frozen', 'wallet_unfrozen', 'wallet_closed'];

/** Which events of the log the owner of the wallet is told. */
export const kindOfEvent: Readonly<Record<string, NotificationKind>> = {
  FundsDeposited: 'money_received',
  TransferCredited: 'money_received',
  CaptureCredited: 'money_received',
  WalletFrozen: 'wallet_frozen',
  WalletUnfrozen: 'wallet_unfrozen',
  WalletClosed: 'wallet_closed',
};

type Facts = Readonly<Record<string, string>>;

const sentences: Readonly<Record<NotificationKind, (wallet: string, facts: Facts) => string>> = {
  money_received: (wallet, { amount }) => `Your wallet ${wallet} received ${amount ?? ''} (in minor units).`,
  movement_flagged: (wallet) => `A movement out of your wallet ${wallet} looks unusual. If it was not yours, tell us at once.`,
  wallet_frozen: (wallet, { reason }) => `Your wallet ${wallet} was frozen: ${reason ?? ''}.`,
  wallet_unfrozen: (wallet) => `Your wallet ${wallet} is no longer frozen.`,
  wallet_closed: (wallet) => `Your wallet ${wallet} was closed.`,
  fraud_found: (wallet, { rule, event }) =>
    `The fraud rule ${rule ?? ''} found something about the wallet ${wallet}: event ${event ?? ''}.`,
};

const subjects: Readonly<Record<NotificationKind, string>> = {
  money_received: 'Money received',
  movement_flagged: 'Please check a movement out of your wallet',
  wallet_frozen: 'Your wallet was frozen',
  wallet_unfrozen: 'Your wallet is no longer frozen',
  wallet_closed: 'Your wallet was closed',
  fraud_found: 'A fraud rule found something',
};

export function sentenceOf(kind: NotificationKind, wallet: string, facts: Facts): string {
  return sentences[kind](wallet, facts);
}

export function subjectOf(kind: NotificationKind): string {
  return subjects[kind];
}
