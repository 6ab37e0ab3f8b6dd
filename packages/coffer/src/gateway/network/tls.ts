import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import tls from 'node:tls';
import { OperatorError } from '../../kernel/index.ts';

/** A certificate (followed by its chain, if any) and its private key, both PEM. */
export type Tls = { readonly cert: string; readonly key: string };

/** What our server negotiates: with TLS 1.2 only suites with forward secrecy and authenticated encryption, as RFC 9325 recommends. */
export const tlsLimits = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'TLS_AES_128_GCM_SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
  ].join(':'),
} as const;

/** Reads the two files, and refuses an unusable pair before anything is started. */
export function readTls({ certFile, keyFile }: { readonly certFile: string; readonly keyFile: string }): Tls {
  const pair = { cert: readPem(certFile, 'COFFER_TLS_CERT'), key: readPem(keyFile, 'COFFER_TLS_KEY') };
  try {
    tls.createSecureContext(pair);
  } catch (error) {
    throw new OperatorError(
      `The certificate in ${certFile} and the key in ${keyFile} cannot be used together (${(error as Error).message}).`,
      'Set COFFER_TLS_CERT and COFFER_TLS_KEY to the PEM files of a matching pair.',
      { cause: error },
    );
  }
  return pair;
}

/** How our own clients verify a server: by its exact certificate, or by the host name if another certificate is presented. */
export function trustOf({ cert }: Tls): {
  readonly context: tls.SecureContext;
  readonly checkIdentity: (host: string, presented: tls.PeerCertificate) => Error | undefined;
} {
  const own = new X509Certificate(cert).raw;
  return {
    // The certificate itself is trusted, regardless of its issuer.
    context: tls.createSecureContext({ ca: cert, allowPartialTrustChain: true }),
    checkIdentity: (host, presented) => (own.equals(presented.raw) ? undefined : tls.checkServerIdentity(host, presented)),
  };
}

function readPem(file: string, setting: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw new OperatorError(
      `${setting} is ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}).`,
      'Give a PEM file that the user running Coffer can read.',
      { cause: error },
    );
  }
}
