// Metadata: what callers note with an operation, encrypted with a key for each owner where the operator asks for it.
export { isSealed, reservedMetadata, withNote } from './envelope.ts';
export { countDataKeys, DataKeys, eraseDataKey } from './keys.ts';
export { isSameMetadata, openedBody, openedEntries, openedEntry, openedEvents, openedText, openVault, plainMetadata } from './vault.ts';
export type { MetadataVault } from './vault.ts';
