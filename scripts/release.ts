/** What must hold before a tag publishes the packages. */

export type Manifest = {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly repository?: { readonly url: string };
};

/**
 * The obstacles to releasing `tag`, one line each. `repository` is the owner and name that the release runs in; npm compares it.
 */
export function whyNotReleased(tag: string, repository: string, manifests: readonly Manifest[], changelog: string): string[] {
  const version = tag.replace(/^v/, '');
  const faults = manifests
    .filter((manifest) => manifest.version !== version)
    .map(({ name, ...its }) => `${name} has version ${its.version}`);
  for (const { name, repository: given } of manifests)
    if (given?.url !== `git+https://github.com/${repository}.git`) faults.push(`${name} names the repository ${given?.url ?? '(nothing)'}`);
  const heading = new RegExp(String.raw`^## \[?${version.replaceAll('.', String.raw`\.`)}\b`, 'm');
  if (!heading.test(changelog)) faults.push(`CHANGELOG.md has no section for ${version}`);
  return faults;
}
