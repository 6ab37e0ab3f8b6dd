/**
 * The suites that "npm test" leaves to "npm run test:all", because each takes 15 s or more on a quiet machine with two cores: they
 * kill processes, start brokers, wait for timeouts, or run the command line as a user does. Paths from the root; a test checks that each is there.
 */
export const slowSuites: readonly string[] = [
  'packages/coffer/src/cli/access.test.ts',
  'packages/coffer/src/cli/cli.test.ts',
  'packages/coffer/src/cli/fraud.test.ts',
  'packages/coffer/src/cli/projections.test.ts',
  'packages/coffer/src/cli/requests.test.ts',
  'packages/coffer/src/cli/sql.test.ts',
  'packages/coffer/src/cli/webhooks.test.ts',
  'packages/embedded-postgres/test/life-cycle.test.ts',
  'packages/embedded-postgres/test/ownership.test.ts',
  'test/events/consumer-example.test.ts',
  'test/events/contract.test.ts',
  'test/events/dead-letters.test.ts',
  'test/events/rabbitmq-faults.test.ts',
  'test/faults/cut.test.ts',
  'test/faults/outage.test.ts',
  'test/faults/processes.test.ts',
  'test/faults/server-kill.test.ts',
  'test/faults/worker-kill.test.ts',
  'test/http/proxies.test.ts',
  'test/http/slow.test.ts',
  'test/http/stopping.test.ts',
  'test/insights/killed.test.ts',
  'test/monkey/monkey.test.ts',
  'test/observe/audit-outage.test.ts',
  'test/observe/process.test.ts',
  'test/packages/installed.test.ts',
  'test/projections/process.test.ts',
  'test/requests/kills.test.ts',
  'test/requests/outages.test.ts',
  'test/requests/payout-ends.test.ts',
  'test/requests/payouts.test.ts',
  'test/requests/sagas.test.ts',
  'test/sagas/kill.test.ts',
  'test/sdk/faults.test.ts',
  'test/webhooks/killed.test.ts',
];

/** The suites that both run: "npm test" with a few rounds of what they try at random, "npm run test:all" also with all of them (test/support/rounds.ts). */
export const longerSuites: readonly string[] = [
  'test/cache/redis.test.ts',
  'test/grpc/bad-input.test.ts',
  'test/grpc/ledger-bad-input.test.ts',
  'test/grpc/ledger-equal.test.ts',
  'test/grpc/ledger-stream.test.ts',
  'test/http/openapi.test.ts',
  'test/ledger/posting.property.test.ts',
  'test/live/live.test.ts',
  'test/sdk/live.test.ts',
];
