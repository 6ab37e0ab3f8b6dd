/** A mail server that speaks SMTP on a free local port, stores the mails it receives, and answers as a test configures. */
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { assert } from '../../packages/coffer/src/kernel/index.ts';

export type Mail = { readonly from: string; readonly to: string; readonly text: string };
/** The answer to the end of a mail: a reply, or `hang up` after it accepts the mail and before it replies. */
export type Verdict = '250 taken' | '451 later' | '550 never' | 'hang up';

export type MailServer = {
  readonly url: string;
  readonly mails: readonly Mail[];
  /** The answers to the next mails; without one, a mail is accepted. */
  readonly verdicts: Verdict[];
  stop(): Promise<void>;
};

export async function startMailServer(): Promise<MailServer> {
  const mails: Mail[] = [];
  const verdicts: Verdict[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    converse(socket, (mail) => {
      const verdict = verdicts.shift() ?? '250 taken';
      if (verdict !== '451 later' && verdict !== '550 never') mails.push(mail);
      return verdict;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert(address !== null && typeof address === 'object', 'it listens on a port');
  return {
    url: `smtp://127.0.0.1:${(address satisfies AddressInfo).port}?ignoreTLS=true`,
    mails,
    verdicts,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function converse(socket: net.Socket, take: (mail: Mail) => Verdict): void {
  let unread = '';
  let from = '';
  let to = '';
  let body: string[] | null = null;
  const say = (line: string) => socket.write(`${line}\r\n`);
  say('220 test');
  const hear = (line: string) => {
    if (body) {
      if (line !== '.') return void body.push(line);
      const verdict = take({ from, to, text: body.join('\n') });
      body = null;
      return void (verdict === 'hang up' ? socket.destroy() : say(verdict));
    }
    const command = line.slice(0, 4).toUpperCase();
    if (command === 'MAIL') from = line;
    if (command === 'RCPT') to = line;
    if (command === 'DATA') body = [];
    if (command === 'QUIT') return void socket.end('221 bye\r\n');
    say(command === 'DATA' ? '354 go on' : '250 ok');
  };
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    unread += text;
    for (let end = unread.indexOf('\r\n'); end !== -1; end = unread.indexOf('\r\n')) {
      const line = unread.slice(0, end);
      unread = unread.slice(end + 2);
      hear(line);
    }
  });
}
