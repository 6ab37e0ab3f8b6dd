/**
 * The e-mails about accounts. A request only adds a row with an address; whether it has an account is looked up when the
 * e-mail is sent. So an answer says nothing about accounts, neither in its text nor by its time.
 */
import type pg from 'pg';
import type { Outbox } from '../mail/index.ts';
import { accountLetter } from './account-letters.ts';
import type { LetterKind } from './account-letters.ts';
import type { Purpose } from './links.ts';
import { ProofStore } from './proof-store.ts';
import { Queries } from './queries.ts';

/** E-mails to one address within an hour, asked for by strangers or staff; and notices of a change. */
const askedPerHourMax = 5;
const noticesPerHourMax = 20;
/** E-mails of all addresses within an hour. */
const allPerHourMax = 5_000;

export type NewMail = {
  readonly kind: LetterKind;
  readonly address: string;
  /** Null where only the address is known. */
  readonly userId: string | null;
  readonly name?: string | null;
};

type Waiting = { readonly kind: LetterKind; readonly address: string; readonly user_id: string | null; readonly name: string | null };

const hour = "created_at > clock_timestamp() - interval '1 hour'";

/** Adds an e-mail, unless its address or all of them had too many; its caller does not learn which. */
export async function addMail(client: Pick<pg.ClientBase, 'query'>, { kind, address, userId, name = null }: NewMail): Promise<void> {
  const isAsked = purposes[kind] !== undefined;
  await client.query({
    name: 'account_mail_add',
    text: `
      insert into identity.mail (kind, address, user_id, name)
      select $1, $2, $3, $4
      where (select count(*) from identity.mail where lower(address collate "C") = lower($2::text collate "C") and ${hour}) < $5
        and (select count(*) from (select from identity.mail where ${hour} limit $6) latest) < $6`,
    values: [kind, address, userId, name, isAsked ? askedPerHourMax : noticesPerHourMax, allPerHourMax],
  });
}

/** Those that carry a link. */
const purposes: Readonly<Partial<Record<LetterKind, Purpose>>> = { proof: 'email', reset: 'reset', invitation: 'invitation' };

/** Sends them. `publicUrl`: links begin with it; without it, an e-mail carries the token. */
export function accountMail(pool: pg.Pool, publicUrl: string | undefined): Outbox {
  const queries = new Queries(pool);
  const proofs = new ProofStore(pool);
  return {
    table: 'identity.mail',
    key: 'id',
    name: 'account',
    async compose(key) {
      const [waiting] = await queries.read<Waiting>({
        name: 'account_mail_content',
        text: 'select kind, address, user_id, name from identity.mail where id = $1',
        values: [key],
      });
      if (!waiting) return { dropped: 'it is gone' };
      const { kind, address, user_id: userId } = waiting;
      const purpose = purposes[kind];
      if (purpose === undefined) return accountLetter(kind, { to: address, name: waiting.name, link: null });
      const made = await proofs.make({ purpose, address, userId, mail: key });
      if (!made) return { dropped: 'no account takes a link at this address' };
      return accountLetter(kind, { to: address, name: waiting.name ?? made.name, link: { ...made, publicUrl } });
    },
  };
}
