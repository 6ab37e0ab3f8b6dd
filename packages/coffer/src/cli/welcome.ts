/** Printed for people after the start: addresses, and commands to try next. */
import type { RunningCoffer } from '../compose/running.ts';

export function welcome({ urls, auth, dataIn, demoToken, documentation, processes }: RunningCoffer): string {
  const { api, users, wallets } = urls;
  const lines = ['', 'Coffer is running. Press Ctrl-C to stop it.', ''];
  if (api) lines.push(`  REST API       ${api}`);
  if (documentation !== null) lines.push(`  API reference  ${documentation}`);
  if (users) lines.push(`  users gRPC     ${users.replace('grpc://', '')}   user.UserService`);
  if (wallets) lines.push(`  wallets gRPC   ${wallets.replace('grpc://', '')}   wallet.WalletService`);
  lines.push(`  data           ${dataIn}`);
  if (processes > 1) lines.push(`  processes      ${processes} workers and their supervisor`);
  if (!api) return `${lines.join('\n')}\n\n`;

  if (auth === 'required') {
    lines.push('', 'Credentials are required. Create a key for a service, or make a registered user an admin:', '');
    lines.push('  npx coffer keys create billing --scopes wallets:read,money:deposit');
    lines.push('  npx coffer users role <user id> admin');
    return `${lines.join('\n')}\n\n`;
  }
  lines.push('', 'OPEN MODE: no credentials are required, so everything listens on this machine only.');
  lines.push('', 'Deposit money into a wallet (the first deposit opens it), transfer some, and read the history:', '');
  lines.push(`  curl -s ${api}/wallet/w1/deposit -H 'content-type: application/json' -d '{"amount":1000,"requestId":"d1"}'`);
  lines.push(`  curl -s ${api}/wallet/w2/deposit -H 'content-type: application/json' -d '{"amount":1,"requestId":"d2"}'`);
  lines.push(
    `  curl -s ${api}/wallet/w1/transfer -H 'content-type: application/json' -d '{"toWalletId":"w2","amount":300,"requestId":"t1"}'`,
  );
  lines.push(`  curl -s ${api}/wallet/w1/history`);
  if (demoToken !== null) {
    lines.push('', 'Or act as Alice, with a token that is valid for an hour:', '');
    lines.push(`  TOKEN=${demoToken}`);
    lines.push(
      `  curl -s ${api}/wallet/topup -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{"amount":300,"asset_type_id":1,"payment_id":"pay_test_001"}'`,
    );
  }
  return `${lines.join('\n')}\n\n`;
}
