/** Bytes as they are: for requests that no well-behaved client sends. */
import net from 'node:net';

/** Writes the bytes and answers with everything that comes back until the server ends the connection, or nothing more comes. */
export async function sendRaw(url: string, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return await new Promise((resolve, reject) => {
    let received = '';
    const socket = net.connect({ host: hostname, port: Number(port) }, () => socket.write(bytes));
    socket.setEncoding('latin1');
    // Long for the first byte of an answer, which a busy machine takes its time for, and short for the next.
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
