/** The kinds of notifications and their texts. Few kinds: events that need no attention cause none. */

export type NotificationKind =
  | 'money_received'
  | 'movement_flagged'
  | 'wallet_frozen'
  | 'wallet_unfrozen'
  | 'wallet_closed'
  | 'fraud_found';

/** Kinds that also go by e-mail: the user may have to act. */
export const mailedKinds: readonly NotificationKind[] = ['movement_flagged', 'wallet_frozen', 'wallet_unfrozen', 'wallet_closed'];

/** The events that the wallet's owner is notified about. */
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
  movement_flagged: (wallet) => `A movement out of your wallet ${wallet} looks unusual. If you did not make it, contact us immediately.`,
  wallet_frozen: (wallet, { reason }) => `Your wallet ${wallet} was frozen: ${reason ?? ''}.`,
  wallet_unfrozen: (wallet) => `Your wallet ${wallet} is no longer frozen.`,
  wallet_closed: (wallet) => `Your wallet ${wallet} was closed.`,
  fraud_found: (wallet, { rule, event }) => `The fraud rule ${rule ?? ''} flagged the wallet ${wallet}: event ${event ?? ''}.`,
};

const subjects: Readonly<Record<NotificationKind, string>> = {
  money_received: 'Money received',
  movement_flagged: 'Please check a movement out of your wallet',
  wallet_frozen: 'Your wallet was frozen',
  wallet_unfrozen: 'Your wallet is no longer frozen',
  wallet_closed: 'Your wallet was closed',
  fraud_found: 'A fraud rule flagged a wallet',
};

export function sentenceOf(kind: NotificationKind, wallet: string, facts: Facts): string {
  return sentences[kind](wallet, facts);
}

export function subjectOf(kind: NotificationKind): string {
  return subjects[kind];
}
