import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import tls from 'node:tls';
import { OperatorError } from '../../kernel/index.ts';

/** A certificate (followed by those that lead to its issuer, if any) and its private key, both PEM. */
export type Tls = { readonly cert: string; readonly key: string };

/** Reads the two files; refuses what no listener could use, before anything is started. */
export function readTls({ certFile, keyFile }: { readonly certFile: string; readonly keyFile: string }): Tls {
  const pair = { cert: readPem(certFile, 'COFFER_TLS_CERT'), key: readPem(keyFile, 'COFFER_TLS_KEY') };
  try {
    tls.createSecureContext(pair);
  } catch (error) {
    throw new OperatorError(
      `The certificate in ${certFile} and the key in ${keyFile} cannot be used together (${(error as Error).message}).`,
      'Give COFFER_TLS_CERT and COFFER_TLS_KEY the PEM files of one pair.',
      { cause: error },
    );
  }
  return pair;
}

/** How our own clients know a server: by the very certificate it was given, or as anybody knows one that the certificate vouches for. */
export function trustOf({ cert }: Tls): {
  readonly context: tls.SecureContext;
  readonly checkIdentity: (host: string, presented: tls.PeerCertificate) => Error | undefined;
} {
  const own = new X509Certificate(cert).raw;
  return {
    // The certificate itself is trusted, whoever issued it.
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
      'Name a PEM file that the user who runs Coffer may read.',
      { cause: error },
    );
  }
}
