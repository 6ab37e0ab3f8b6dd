/** The columns of insights.wallet_stats that add up, by what the API calls them. */
export const amountColumns = {
  deposited: 'deposited',
  withdrawn: 'withdrawn',
  toppedUp: 'topped_up',
  spent: 'spent',
  issued: 'issued',
  transferredIn: 'transferred_in',
  transferredOut: 'transferred_out',
  capturedIn: 'captured_in',
  capturedOut: 'captured_out',
  reversedIn: 'reversed_in',
  reversedOut: 'reversed_out',
  sweptIn: 'swept_in',
  sweptOut: 'swept_out',
} as const;

export type AmountName = keyof typeof amountColumns;
export const amountNames = Object.keys(amountColumns) as readonly AmountName[];
