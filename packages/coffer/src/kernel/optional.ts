import { OperatorError } from './exit.ts';
import { optionalPackages } from './version.ts';

/**
 * Loads a module that needs optional packages. `setting` is the setting that requires them. When one of `packages` is missing, throws an
 * OperatorError with the setting and the install command.
 */
export async function loadOptional<Loaded>(setting: string, packages: readonly string[], load: () => Promise<Loaded>): Promise<Loaded> {
  try {
    return await load();
  } catch (cause) {
    if (!packages.some((name) => isMissing(cause, name))) throw cause;
    const wanted = packages.map((name) => `${name}@${optionalPackages[name]?.replace(/^\D+/, '') ?? 'latest'}`);
    throw new OperatorError(
      `${setting} is set, but ${packages.join(' and ')} ${packages.length === 1 ? 'is' : 'are'} not installed.`,
      `Run "npm install ${wanted.join(' ')}", or unset ${setting}.`,
      { cause },
    );
  }
}

function isMissing(failure: unknown, name: string): boolean {
  if (!(failure instanceof Error) || !('code' in failure) || failure.code !== 'ERR_MODULE_NOT_FOUND') return false;
  return failure.message.includes(`'${name}'`);
}
