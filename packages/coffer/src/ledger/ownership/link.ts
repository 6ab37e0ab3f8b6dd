/**
 * Connections between processes of one ledger: TLS with a pre-shared key, the database's secret. Both ends prove that they know it, and
 * what travels is encrypted, without certificates to care for.
 */
import tls from 'node:tls';

const identity = 'coffer';
/** Pre-shared keys with forward secrecy; Node offers them up to TLS 1.2. */
const suites = { ciphers: 'ECDHE-PSK-CHACHA20-POLY1305:DHE-PSK-AES256-GCM-SHA384', maxVersion: 'TLSv1.2' } as const;

export function linkServer(secret: Buffer, connected: (socket: tls.TLSSocket) => void): tls.Server {
  const options = { ...suites, handshakeTimeout: 3_000, pskCallback: (_: unknown, name: string) => (name === identity ? secret : null) };
  return tls.createServer(options, (socket) => {
    socket.setNoDelay(true);
    connected(socket);
  });
}

export function linkTo({ host, port }: { readonly host: string; readonly port: number }, secret: Buffer): tls.TLSSocket {
  const socket = tls.connect({
    ...suites,
    host,
    port,
    // There are no certificates: the key authenticates.
    checkServerIdentity: () => undefined,
    pskCallback: () => ({ psk: secret, identity }),
  });
  socket.setNoDelay(true);
  return socket;
}
