/** Settings under names that other wallet servers use, and what to set instead: without a word, Coffer would use its own PostgreSQL. */

type Other = { readonly names: readonly string[]; readonly instead: string; readonly say: (name: string) => string };

const byUrl = (instead: string, names: readonly string[]): Other => ({
  names,
  instead,
  say: (name) => `${name} has no effect. Set ${instead} instead.`,
});

const others: readonly Other[] = [
  byUrl('DATABASE_URL', ['DB_HOST', 'DB_PORT', 'DB_USER', 'DB_PASS', 'DB_PASSWORD', 'DB_NAME']),
  byUrl('REDIS_URL', ['REDIS_HOST', 'REDIS_PORT', 'REDIS_PASSWORD']),
  byUrl('RABBITMQ_URL', ['RABBITMQ_HOST', 'RABBITMQ_PORT', 'RABBITMQ_USER', 'RABBITMQ_PASS']),
  {
    names: ['RABBITMQ_EXCHANGE', 'RABBITMQ_DLX', 'RABBITMQ_QUEUE'],
    instead: '',
    say: (name) => `${name} has no effect: Coffer's exchanges and queues have fixed names, see docs/guides/rabbitmq.md.`,
  },
];

/** A sentence for each that is set while its replacement is not. */
export function otherNames(env: NodeJS.ProcessEnv): string[] {
  const isSet = (name: string) => (env[name]?.trim() ?? '') !== '';
  return others
    .filter(({ instead }) => !isSet(instead) && !isSet(`${instead}_FILE`))
    .flatMap(({ names, say }) => names.filter(isSet).map(say));
}
