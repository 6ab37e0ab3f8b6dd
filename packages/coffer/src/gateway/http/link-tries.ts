/** Limits how often one network asks for links of a kind and uses them. E-mails are also bounded per address of theirs, by identity. */
import type { Purpose } from '../../identity/index.ts';
import type { Access, RateLimiter } from '../access/index.ts';
import { networkKeyOf } from '../network/index.ts';
import type { Request } from './app.ts';

const asksPerMinute = 20;
/** Each may cost the hash of a password. */
const usesPerMinute = 60;

export class LinkTries {
  readonly #asks: RateLimiter;
  readonly #uses: RateLimiter;

  constructor(access: Access) {
    this.#asks = access.rateLimiter('asks for links', asksPerMinute);
    this.#uses = access.rateLimiter('uses of links', usesPerMinute);
  }

  /** Null, or the seconds until another is allowed. */
  async ask(request: Request, kind: string): Promise<number | null> {
    return await this.#asks.take(`${kind} ${networkKeyOf(request.clientIp ?? '')}`);
  }

  async use(request: Request, purpose: Purpose): Promise<number | null> {
    return await this.#uses.take(`${purpose} ${networkKeyOf(request.clientIp ?? '')}`);
  }
}
