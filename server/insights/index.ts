// Insights: what is learnt from the event log about wallets and kept beside it.
export { statsKeeper } from './stats/keeper.ts';
export { statsProjection } from './stats/projection.ts';
