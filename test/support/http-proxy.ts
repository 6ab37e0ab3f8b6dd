/** An HTTP proxy before a real server that a test can make answer truthfully, falsely, late or not at all. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export type ProxiedAnswer = { readonly status: number; readonly headers?: Record<string, string>; readonly body: string };

export type Proxied = {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly headers: http.IncomingHttpHeaders;
  /** Forwards the request; may be called several times. */
  forward(changes?: { readonly body?: string }): Promise<ProxiedAnswer>;
};

export type HttpProxy = { readonly url: string; stop(): Promise<void> };

/** What `answer` returns is sent; 'cut' ends the connection instead. */
export async function startHttpProxy(target: string, answer: (request: Proxied) => Promise<ProxiedAnswer | 'cut'>): Promise<HttpProxy> {
  const server = http.createServer((request, response) => {
    void respond(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };

  async function respond(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = 'GET', url: path = '/', headers } = request;
    const body = Buffer.concat(chunks).toString();
    const proxied = {
      method,
      path,
      body,
      headers,
      forward: (changes?: { body?: string }) => pass({ method, path, body, headers, ...changes }),
    };
    const told = await answer(proxied);
    if (told === 'cut') response.destroy();
    else response.writeHead(told.status, { 'content-type': 'application/json', ...told.headers }).end(told.body);
  }

  async function pass(request: Omit<Proxied, 'forward'>): Promise<ProxiedAnswer> {
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers;
    const answered = await fetch(`${target}${request.path}`, {
      method: request.method,
      headers: headers as Record<string, string>,
      ...(request.body !== '' && { body: request.body }),
    });
    const passedOn = ['content-type', 'idempotency-replayed', 'retry-after', 'etag'];
    return {
      status: answered.status,
      headers: Object.fromEntries([...answered.headers].filter(([name]) => passedOn.includes(name))),
      body: await answered.text(),
    };
  }
}
