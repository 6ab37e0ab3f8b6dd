/** Authenticates callers: the credentials in a call's metadata, and the internal credential of our own services. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import type { ServerUnaryCall } from '@grpc/grpc-js';
import type { Principal, Scope } from '../../identity/index.ts';
import type { Access, Decision, Denial, OperationName } from '../access/index.ts';
import { failureOf } from './statuses.ts';
import type { Failure } from './statuses.ts';

export type Guard = {
  readonly access: Access;
  /** The credentials of our own services: two while their secret is rotated, none if none of them calls this one. */
  readonly internalCredentials: readonly string[];
};

/** All that the users and the wallets service need from each other. */
const internalScopes: ReadonlySet<Scope> = new Set<Scope>(['wallets:open', 'wallets:read', 'users:read']);
const internalPrincipal: Principal = { kind: 'service', keyId: 'internal', name: 'internal', scopes: internalScopes };

/** The same in every process that has the secret; it reveals nothing about other keys derived from that secret. */
export function internalCredentialOf(secret: string): string {
  return `cofi_${createHmac('sha256', secret).update('coffer: credential of internal services').digest('base64url')}`;
}

/** Synchronous if nothing has to be looked up. */
export function admit(
  call: Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'getPeer'>,
  operation: OperationName,
  { access, internalCredentials }: Guard,
): Decision | Promise<Decision> {
  const [authorization, another] = call.metadata.get('authorization');
  const given = authorization === undefined ? undefined : another === undefined ? String(authorization) : '';
  if (given !== undefined && internalCredentials.some((credential) => isSame(given, `Bearer ${credential}`)))
    return access.authorize(internalPrincipal, operation);
  return access.admit(operation, given, addressIn(call.getPeer()));
}

export function denialFailure(denial: Denial): Failure {
  if (denial.denied !== 'too_many_requests') return failureOf(denial.denied, { said: denial.detail });
  return failureOf(denial.denied, { facts: { retryAfterSeconds: String(denial.retryAfterSeconds) } });
}

function isSame(given: string, expected: string): boolean {
  return given.length === expected.length && timingSafeEqual(Buffer.from(given, 'latin1'), Buffer.from(expected, 'latin1'));
}

/** `127.0.0.1:1234` or `[::1]:1234`, without the port. */
function addressIn(peer: string): string {
  return peer.replace(/:\d+$/, '');
}

/**
 * The library drops metadata that is not printable ASCII, with only a log line. For these two that is dangerous: a retry without
 * its key would move the money again, and a call without its token would look anonymous. So such metadata is recorded here, where
 * the headers become metadata, and the call is refused.
 */
const essential = ['idempotency-key', 'authorization'] as const;
const incomplete = new WeakSet<Metadata>();
const fromHttp2Headers = Metadata.fromHttp2Headers.bind(Metadata);
Metadata.fromHttp2Headers = (headers) => {
  const metadata = fromHttp2Headers(headers);
  for (const name of essential) {
    const given = headers[name];
    const sent = given === undefined ? 0 : Array.isArray(given) ? given.length : 1;
    if (sent > 0 && metadata.get(name).length < sent) incomplete.add(metadata);
  }
  return metadata;
};

/** Which part of a call's metadata is unreadable; null if none. */
export function metadataFailure(metadata: Metadata): Failure | null {
  return incomplete.has(metadata) ? failureOf('metadata_unreadable') : null;
}
