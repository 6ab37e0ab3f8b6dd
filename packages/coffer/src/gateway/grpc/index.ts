// gRPC: the users, wallets and ledger services, each with health and reflection, and the clients between them.
export { internalCredentialOf } from './callers.ts';
export type { RunningService, ServiceOptions } from './server.ts';
export { ledgerService } from './generated/ledger.ts';
export { createUserClient } from './user-client.ts';
export type { UserLookup } from './user-client.ts';
export { startUsersService } from './users-service.ts';
export { createWalletClient } from './wallet-client.ts';
export { startWalletsService } from './wallets-service.ts';
export type { WalletsServiceOptions } from './wallets-service.ts';
