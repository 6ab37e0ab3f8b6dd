// Evidence of the ledger's history outside this machine: checkpoints, signed and shipped.
export { readShipped } from './lines.ts';
export type { RejectedLine, ShippedLines } from './lines.ts';
export { lineOf, newKeyPair, readPublicKey, readSigningKey } from './signing.ts';
export { startShipping } from './shipping.ts';
export type { Shipping, ShippingFigures } from './shipping.ts';
