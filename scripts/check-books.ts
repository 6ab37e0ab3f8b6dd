import path from 'node:path';
import { postingStatements, unboundParts } from './books.ts';

const root = path.resolve(import.meta.dirname, '..');
const statements = postingStatements(root);
const findings = statements.flatMap((statement) => unboundParts(statement).map((why) => `${statement.file}:${statement.line} ${why}`));
for (const finding of findings) console.error(finding);
if (findings.length > 0) process.exitCode = 1;
else console.log(`books: ${statements.length} statements of posting and reading, each within its book`);
