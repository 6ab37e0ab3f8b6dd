/**
 * An HTTP load generator: a fixed number of keep-alive connections, one request in flight on each. On bare sockets, because on two cores a
 * full client would take more of them than the server.
 */
import net from 'node:net';

export type HttpLoad = {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** The next request: its method, path and JSON body. */
  readonly next: () => { method: 'GET' | 'POST'; path: string; body?: string };
  /** Validates an answer's body; accepts every body by default. */
  readonly check?: (body: string) => boolean;
};

/** Returns the requests completed per second; rejects at the first answer that is not 2xx. */
export async function httpRequestsPerSecond(load: HttpLoad): Promise<number> {
  const startMs = performance.now() + 1000;
  const endMs = startMs + load.seconds * 1000;
  let counted = 0;
  const connection = () =>
    new Promise<void>((resolve, reject) => {
      const socket = net.connect({ host: load.host, port: load.port, noDelay: true });
      let received = '';
      const send = () => {
        const { method, path, body } = load.next();
        const content = body === undefined ? '' : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
        socket.write(`${method} ${path} HTTP/1.1\r\nhost: ${load.host}\r\n${content}\r\n${body ?? ''}`);
      };
      socket.setEncoding('latin1');
      socket.on('connect', send);
      socket.on('error', reject);
      socket.on('data', (chunk) => {
        received += String(chunk);
        const headEnd = received.indexOf('\r\n\r\n');
        if (headEnd < 0) return;
        const length = Number(/content-length: (\d+)/i.exec(received.slice(0, headEnd))?.[1] ?? 0);
        if (received.length < headEnd + 4 + length) return;
        if (!received.startsWith('HTTP/1.1 2') || load.check?.(received.slice(headEnd + 4)) === false) {
          socket.destroy();
          reject(new Error(received.slice(0, 500)));
          return;
        }
        received = '';
        const nowMs = performance.now();
        if (nowMs >= startMs && nowMs < endMs) counted++;
        if (nowMs < endMs) return send();
        socket.destroy();
        resolve();
      });
    });
  await Promise.all(Array.from({ length: load.connections }, connection));
  return counted / load.seconds;
}
