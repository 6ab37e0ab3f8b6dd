import { expect, test } from 'vitest';
import { OperatorError } from './exit.ts';
import { loadOptional } from './optional.ts';
import { optionalPackages } from './version.ts';

test('an installed package is loaded', async () => {
  const { Connection } = await loadOptional('RABBITMQ_URL', ['rabbitmq-client'], () => import('rabbitmq-client'));
  expect(Connection).toBeTypeOf('function');
});

test('a missing package is reported with the setting, the package and the install command with its version', async () => {
  const version = optionalPackages['rabbitmq-client']?.replace('^', '');
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  await expect(loadOptional('RABBITMQ_URL', ['rabbitmq-client'], notFound('rabbitmq-client'))).rejects.toMatchObject({
    message: 'RABBITMQ_URL is set, but rabbitmq-client is not installed.',
    remedy: `Run "npm install rabbitmq-client@${version}", or unset RABBITMQ_URL.`,
  });
});

test('several missing packages are reported together with one command', async () => {
  const failed = loadOptional('SOME_URL', ['a', '@b/c'], notFound('@b/c'));
  await expect(failed).rejects.toBeInstanceOf(OperatorError);
  await expect(failed).rejects.toMatchObject({
    message: 'SOME_URL is set, but a and @b/c are not installed.',
    remedy: 'Run "npm install a@latest @b/c@latest", or unset SOME_URL.',
  });
});

test('any other failure is rethrown', async () => {
  await expect(loadOptional('RABBITMQ_URL', ['rabbitmq-client'], notFound('its-own-part'))).rejects.not.toBeInstanceOf(OperatorError);
  await expect(loadOptional('RABBITMQ_URL', ['rabbitmq-client'], () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});

/** Fails like Node's own loader. */
function notFound(name: string): () => Promise<never> {
  const failure = Object.assign(new Error(`Cannot find package '${name}' imported from a file`), { code: 'ERR_MODULE_NOT_FOUND' });
  return () => Promise.reject(failure);
}
