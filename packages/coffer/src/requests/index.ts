// Asynchronous requests: withdrawals and transfers that a worker processes, with a payout step if configured.
export type { Accepted, NewRequest } from './accepting.ts';
export { newRequest, walletAsked } from './asked.ts';
export { openRequestsMax } from './accepting.ts';
export type { Decided, DecisionRefusal } from './decisions.ts';
export { eraseRequestMetadata } from './erasing.ts';
export { forgetOldRequests } from './forgetting.ts';
export { openRequests } from './reading.ts';
export { Requests } from './requests.ts';
export { startRequestRunner } from './start.ts';
export type { OpenRequests } from './reading.ts';
export type { Point } from './runner.ts';
export type { RequestWork } from './start.ts';
export { ownFailures, requestStatuses, requestTypes } from './types.ts';
export type { AsyncRequest, Attempt, Content, Failure, OwnFailure, RequestStatus, RequestType, Reviews, ReviewVerdict } from './types.ts';
