import { expect, test } from 'vitest';
import { createLog } from './log.ts';

test.each([true, false])('secrets never reach the log (pretty: %s)', (pretty) => {
  let written = '';
  const destination = { write: (text: string) => void (written += text) };
  const log = createLog({ level: 'info', pretty, destination });
  log.info(
    {
      password: 'hunter2',
      req: { headers: { authorization: 'hunter2', cookie: 'hunter2', 'set-cookie': 'hunter2' } },
    },
    'in',
  );
  log.warn({ user: { token: 'hunter2' } }, 'cannot reach postgres://coffer:hunter2@db:5432/coffer');
  log.warn('cannot reach postgres://db/coffer?user=coffer&password=hunter2&sslmode=require');
  log.error({ err: new Error('postgres://coffer:hunter2@db/x is away') }, 'out');
  expect(written).toContain('coffer:***@db');
  expect(written).toContain('is away');
  expect(written).not.toContain('hunter2');
});
