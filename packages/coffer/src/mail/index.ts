// E-mail: sends what waits in a context's table through an SMTP server, at least once.
export { startMail } from './sending.ts';
export type { Letter, MailServer, Outbox } from './sending.ts';
