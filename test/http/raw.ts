/** Raw bytes, for requests that no well-behaved client sends. */
import net from 'node:net';

/** Writes the bytes and returns everything received until the server ends the connection or sends nothing more. */
export async function sendRaw(url: string, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return await new Promise((resolve, reject) => {
    let received = '';
    const socket = net.connect({ host: hostname, port: Number(port) }, () => socket.write(bytes));
    socket.setEncoding('latin1');
    // A long timeout for the first byte of an answer, which a busy machine may delay, and a short one for the next.
    socket.setTimeout(30_000, () => socket.destroy());
    socket.on('data', (chunk) => {
      received += String(chunk);
      socket.setTimeout(2_000);
    });
    // The server may end the connection while the rest is still being written.
    socket.on('error', (failure) => (received === '' ? reject(failure) : undefined));
    socket.on('close', () => resolve(received));
  });
}
