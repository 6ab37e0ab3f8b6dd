/** Shared by all generators: writes the files, or with --check compares them and writes nothing. */
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');

/** Files by their path from the root. On a difference it exits with code 1 and names the command that fixes it. */
export function writeOrCheck(files: Readonly<Record<string, string>>, command: string): void {
  const checking = process.argv.includes('--check');
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name);
    if (!checking) {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, text);
      console.log(name);
    } else if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text) {
      console.error(`${name} does not match the code. Run npm run ${command} and commit the file.`);
      process.exitCode = 1;
    }
  }
}
