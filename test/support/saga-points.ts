/** The points at which a process may be killed: between two steps of a transfer, or within one (sent but not answered). */
export const points = ['debited', 'crediting', 'credited', 'ending', 'ended'] as const;
