// Identity: users, roles, passwords, logins and tokens, and API keys. It owns the schema `identity` and knows no wallets.
export { accountMail } from './account-mail.ts';
export { linkPaths, linkTokenPattern } from './links.ts';
export type { Purpose } from './links.ts';
export { keepAccountMailBounded } from './keeping.ts';
export { Proofs } from './proofs.ts';
export type { Delivery, PrintedLink } from './proofs.ts';
export type { AccountRules } from './profile.ts';
export type { ApiKey } from './api-key-store.ts';
export { ApiKeys } from './api-keys.ts';
export type { NewApiKey } from './api-keys.ts';
export { Authenticator } from './authenticator.ts';
export { dutyMeanings, dutyOfScope, hasDuty, rolesWith } from './duties.ts';
export type { Duty, StaffRole } from './duties.ts';
export { dueForErasure, eraseIdentity, findErasable, forgetOldLogins } from './erasure.ts';
export { demoUsers, seedDemoUsers } from './demo.ts';
export { Factors } from './factors.ts';
export type { Enrolled, GivenFactor } from './factors.ts';
export type { PasskeyOptions, PasskeyResponse, PasskeySettings } from './passkeys.ts';
export { Subjects, subjectLengthMax } from './subjects.ts';
export { IdentityOverloaded, IdentityUnavailable } from './outages.ts';
export { actorOf, anonymous, isStaff, paysOutDirectly } from './principals.ts';
export type { Principal } from './principals.ts';
export { currentPrincipal, personsBehind } from './persons.ts';
export type { IssuerSettings } from './issuer.ts';
export type { IdentityRefusal, IdentityRefusalCode, Refused } from './refusals.ts';
export { keepRepaired } from './repair.ts';
export { emailLengthMax, nameLengthMax, passwordLengthMax, passwordLengthMin } from './rules.ts';
export { isScope, scopeMeanings, scopes } from './scopes.ts';
export type { Scope } from './scopes.ts';
export { Sessions } from './sessions.ts';
export { openWalletMsMax, roles } from './types.ts';
export type {
  CloseWallets,
  Factor,
  Login,
  LoginAttempt,
  Role,
  Session,
  Subject,
  User,
  UserPage,
  WalletOpening,
  WalletProvisioner,
} from './types.ts';
export { Users } from './users.ts';
export { userStates } from './listing.ts';
