/** Where a process may be killed: each is between two steps of a transfer, or in the middle of one: sent, and not answered. */
export const points = ['debited', 'crediting', 'credited', 'ending', 'ended'] as const;
