// A database of an earlier version: its users go on as before.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEmptyDatabase } from '../../../../test/support/database.ts';
import type { TestDatabase } from '../../../../test/support/database.ts';
import { jwtSecret, walletsThatOpen } from '../../../../test/support/identity.ts';
import { migrate } from '../database/index.ts';
import { newId, silentLog } from '../kernel/index.ts';
import { hashPassword } from './passwords.ts';
import { Sessions } from './sessions.ts';
import { Users } from './users.ts';

const sql = path.resolve(import.meta.dirname, '../../database');
const password = 'correct horse battery';

let database: TestDatabase;
let earlier: string;
beforeAll(async () => {
  database = await createEmptyDatabase();
  earlier = fs.mkdtempSync(path.join(os.tmpdir(), 'coffer-earlier-'));
  // Functions, views and rights are applied anew at each upgrade; those of today refer to tables of later migrations.
  const isLater = (file: string) => Number(path.basename(file).slice(0, 4)) >= 33 || /\/(functions|views|access)\/./.test(file);
  fs.cpSync(sql, earlier, { recursive: true, filter: (file) => !isLater(file) });
  await migrate(database.url, silentLog(), earlier);
});
afterAll(async () => {
  await database.drop();
  fs.rmSync(earlier, { recursive: true });
});

test('users who signed up before proofs log in and are notified, and prove their address before they become staff', async () => {
  const id = newId();
  await database.pool.query(
    "insert into identity.users (id, email, name, password_hash, status) values ($1, 'old@example.com', 'Old', $2, 'active')",
    [id, await hashPassword(password)],
  );
  await database.pool.query("insert into identity.user_change (user_id, kind, reason, actor) values ($1, 'suspended', 'x', 'cli')", [id]);
  await migrate(database.url, silentLog());
  const { pool } = database;
  const sessions = new Sessions({ pool, jwtSecret, requiresProof: true });
  const users = new Users({ pool, wallets: walletsThatOpen, rules: { requiresProof: true, mails: true } });
  expect(await sessions.login({ email: 'old@example.com', password })).toMatchObject({ user: { emailProvedBy: 'upgrade' } });
  expect(await users.addressOf(id)).toBe('old@example.com');
  expect(await users.setRole(id, 'admin', 'cli')).toMatchObject({ refusal: { code: 'email_unproved' } });
});
