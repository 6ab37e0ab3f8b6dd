import type pg from 'pg';

/** Deletes a user's notifications, with their e-mails. */
export async function eraseNotifications(client: pg.ClientBase, userId: string): Promise<void> {
  await client.query('delete from insights.notification where user_id = $1', [userId]);
}
