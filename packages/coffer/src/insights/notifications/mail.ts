/** The e-mails of notifications. */
import type pg from 'pg';
import type { Outbox } from '../../mail/index.ts';
import { sentenceOf, subjectOf } from './kinds.ts';
import type { NotificationKind } from './kinds.ts';

type Content = {
  readonly user_id: string;
  readonly kind: NotificationKind;
  readonly wallet: string;
  readonly facts: Record<string, string>;
};

/** `addressOf`: null for a user who is gone, or has no address to which e-mail may go. */
export function notificationMail(pool: pg.Pool, addressOf: (userId: string) => Promise<string | null>): Outbox {
  return {
    table: 'insights.mail',
    key: 'notification',
    name: 'notification',
    async compose(key) {
      const { rows } = await pool.query<Content>({
        name: 'mail_content',
        text: 'select user_id, kind, wallet, facts from insights.notification where id = $1',
        values: [key],
      });
      const [found] = rows;
      const to = found && (await addressOf(found.user_id));
      if (!found || to === null || to === undefined) return { dropped: 'the user has no address' };
      return { to, subject: subjectOf(found.kind), text: `${sentenceOf(found.kind, found.wallet, found.facts)}\n` };
    },
  };
}
