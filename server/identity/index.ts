// Identity: who uses Coffer. Users, their passwords, logins and tokens; it owns the schema `identity` and knows no wallets.
export { demoUsers, seedDemoUsers } from './demo.ts';
export { IdentityOverloaded, IdentityUnavailable } from './outages.ts';
export { identityRefusalMeanings } from './refusals.ts';
export type { IdentityRefusal, IdentityRefusalCode, Refused } from './refusals.ts';
export { keepRepaired } from './repair.ts';
export { emailLengthMax, nameLengthMax, passwordLengthMax, passwordLengthMin } from './rules.ts';
export { Sessions } from './sessions.ts';
export type { HoldsBalance, LoginAttempt, Session, User, UserPage, WalletOpening, WalletProvisioner } from './types.ts';
export { Users } from './users.ts';
