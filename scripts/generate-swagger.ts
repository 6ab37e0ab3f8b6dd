// npm run generate:swagger writes docs/openapi.json from the routes' schemas; with --check it fails when the file is not up to date.
import fs from 'node:fs';
import path from 'node:path';
import { openApiDocument } from '../packages/coffer/src/gateway/index.ts';

const file = path.resolve(import.meta.dirname, '../docs/openapi.json');
const document = await openApiDocument();
if (process.argv.includes('--check')) {
  const committed = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  if (committed !== document) {
    process.stderr.write('docs/openapi.json does not match the routes. Run npm run generate:swagger and commit the file.\n');
    process.exitCode = 1;
  }
} else {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, document);
  process.stdout.write(`${path.relative(process.cwd(), file)}\n`);
}
