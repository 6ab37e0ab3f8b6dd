import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { untidiness } from './tidy.ts';

const root = path.resolve(import.meta.dirname, '..');
// Files that git tracks or would add; ignored files are not checked.
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && fs.existsSync(path.join(root, file)));
const findings = files.flatMap((file) => untidiness(file, fs.readFileSync(path.join(root, file), 'utf8')));
for (const finding of findings) console.error(finding);
if (findings.length > 0) process.exitCode = 1;
else console.log(`tidy: ${files.length} files`);
