/** Limits on incoming requests, and the answer to bytes that are not HTTP. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { newId } from '../../kernel/index.ts';
import { browserHeaders } from './answer-headers.ts';
import { requestIdHeader } from './observing.ts';
import { malformed, problem, problemBody, problemContentType } from './problem.ts';
import type { Problem } from './problem.ts';

export const limits = {
  bodyBytes: 1_048_576,
  /** Of a request that needs no credentials: reading a body of 1 MiB takes up to two seconds, and anybody can send one. */
  publicBodyBytes: 32_768,
  /** A token of 16 KiB, and other headers. */
  headerBytes: 24_576,
  /** From the first byte to the end of the headers, and to the end of the body. */
  headersMs: 10_000,
  requestMs: 30_000,
  /** How often the timeouts are checked. With Node's default of 30 s, slow headers could hold a connection for 40 s. */
  checkMs: 2_000,
  /** Closes a connection that makes no progress in the middle of a request or an answer. */
  silenceMs: 60_000,
  keepAliveMs: 72_000,
} as const;

const problems: Readonly<Record<string, Problem>> = {
  HPE_HEADER_OVERFLOW: problem('headers_too_large', { facts: { most: String(limits.headerBytes) } }),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: problem('body_too_large', { said: 'Nothing was done. Send the body without chunk extensions.' }),
  ERR_HTTP_REQUEST_TIMEOUT: problem('request_timeout', { facts: { seconds: String(limits.requestMs / 1_000) } }),
};

const notHttp = malformed(
  'This is not a well-formed HTTP/1.1 request. Nothing was done. Use an HTTP client; a body has either Content-Length or Transfer-Encoding, never both, and https works only where TLS is set up.',
);

/** The parser gave up, so there is no request to answer: the bytes are written to the connection, which is then closed. */
export function answerBrokenRequest(failure: Error & { code?: string }, socket: Socket): void {
  if (failure.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const answer = problems[failure.code ?? ''] ?? notHttp;
  const body = problemBody(answer);
  socket.end(
    [
      `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`,
      `Content-Type: ${problemContentType}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `${requestIdHeader}: ${newId()}`,
      ...Object.entries(browserHeaders).map(([name, value]) => `${name}: ${value}`),
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
