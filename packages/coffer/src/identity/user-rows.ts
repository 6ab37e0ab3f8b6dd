/** Rows of users, as all of identity reads them. */
import type { EmailProof, Role, User } from './types.ts';

/** A user with the fields that never leave identity. */
export type StoredUser = {
  readonly user: User;
  readonly status: 'pending' | 'active' | 'rolled_back';
  readonly passwordHash: string | null;
  readonly tokenEpoch: number;
};

export type UserRow = {
  id: string;
  number: number;
  email: string | null;
  name: string;
  role: Role;
  password_hash: string | null;
  status: StoredUser['status'];
  token_epoch: number;
  suspended_at: Date | null;
  email_proved_at: Date | null;
  email_proved_by: EmailProof | null;
  pending_email: string | null;
  created_at: Date;
  updated_at: Date;
};

export const userColumns =
  'id, number, email, name, role, password_hash, status, token_epoch, suspended_at, email_proved_at, email_proved_by, pending_email, created_at, updated_at';

export function userFromRow(row: UserRow): StoredUser {
  return {
    user: {
      id: row.id,
      number: row.number,
      email: row.email,
      name: row.name,
      role: row.role,
      hasPassword: row.password_hash !== null,
      suspendedAt: row.suspended_at,
      emailProvedAt: row.email_proved_at,
      emailProvedBy: row.email_proved_by,
      pendingEmail: row.pending_email,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    },
    status: row.status,
    passwordHash: row.password_hash,
    tokenEpoch: row.token_epoch,
  };
}
