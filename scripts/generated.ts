/** What every generator does with its result: writes the files, or with --check compares them and writes nothing. */
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');

/** Files by their path from the root. A difference ends with exit code 1 and names the command that mends it. */
export function writeOrCheck(files: Readonly<Record<string, string>>, command: string): void {
  const checking = process.argv.includes('--check');
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name);
    if (!checking) {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, text);
      console.log(name);
    } else if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text) {
      console.error(`${name} is not what the code says. Run npm run ${command} and commit the file.`);
      process.exitCode = 1;
    }
  }
}
