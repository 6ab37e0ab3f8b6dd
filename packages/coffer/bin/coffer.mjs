#!/usr/bin/env node
// Runs the command line. In a clone that is src/cli/main.ts, on this Node if it is new enough, otherwise on the one that "npm
// install" installed; in the published package it is the compiled dist/coffer/src/cli/main.js, on this Node. Plain JavaScript in
// old syntax: every Node version must be able to parse this file, if only to say what is missing.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const home = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(home, 'src', 'cli', 'main.ts');
const compiled = join(home, 'dist', 'coffer', 'src', 'cli', 'main.js');
const isClone = existsSync(sources);
const root = dirname(dirname(home));
const installedNode = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
const [major, minor] = process.versions.node.split('.').map(Number);
const isNewEnough = major > 24 || (major === 24 && minor >= 7);

if (!isClone) {
  if (isNewEnough) await runHere(compiled, 'Run "npm install coffer" again.');
  else fail(`Coffer needs Node 24.7 or newer; this is Node ${process.versions.node}.`, 'Install a newer one from https://nodejs.org.');
} else if (major < 20) {
  fail(`Coffer needs Node 20 or newer; this is Node ${process.versions.node}.`, 'Install a newer one from https://nodejs.org.');
} else if (!existsSync(join(root, 'node_modules'))) {
  fail('Coffer is not installed yet.', `Run "npm install" in ${root}.`);
} else if (isNewEnough) {
  await runHere(sources, `Run "npm install" in ${root}.`);
} else if (existsSync(installedNode)) {
  runOn(installedNode);
} else {
  fail(
    `Coffer runs on Node 24.7 or newer; this is Node ${process.versions.node}, and the installation of a newer one is incomplete.`,
    `Run "npm install" in ${root} (without --ignore-scripts).`,
  );
}

async function runHere(file, remedy) {
  try {
    const { main } = await import(pathToFileURL(file).href);
    await main();
  } catch (error) {
    if (!error || error.code !== 'ERR_MODULE_NOT_FOUND' || !/Cannot find package/.test(error.message)) throw error;
    fail(`The install is incomplete: ${error.message.split('\n')[0]}.`, remedy);
  }
}

/** A child process does the work; this one forwards signals and exits as it does. */
function runOn(node) {
  // Through the extra channel the child notices when this process is killed, and stops as well.
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`${node} does not run: ${error.message}.`, `Run "npm install" in ${root} again.`));
  child.on('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else {
      process.exit(code === null ? 1 : code);
    }
  });
}

function fail(sentence, remedy) {
  console.error(`${sentence}\n${remedy}`);
  process.exitCode = 1;
}
