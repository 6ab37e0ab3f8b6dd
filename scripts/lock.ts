/** What package-lock.json must be for "npm ci" to work on every platform, with any registry. */

export type LockedPackage = {
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};

/** As package-lock.json holds them: by the folder that each is installed in, "" for the root. */
export type Lock = { readonly packages: Readonly<Record<string, LockedPackage>> };

/** What is wrong with a lock, one line each: dependencies that it lacks, also of other platforms, and registries that it names. */
export function faultsOf({ packages }: Lock): string[] {
  return Object.entries(packages).flatMap(([folder, locked]) => {
    const wanted = Object.keys({ ...locked.dependencies, ...locked.optionalDependencies });
    const missing = wanted.filter((name) => !placesOf(folder, name).some((place) => place in packages));
    const faults = missing.map((name) => `${folder === '' ? 'the root' : folder} needs ${name}, which is not in the lock`);
    if (locked.link !== true && locked.resolved !== undefined) faults.push(`${folder} names where it was downloaded: ${locked.resolved}`);
    return faults;
  });
}

/** Where Node looks for a package, from a folder upwards. */
function placesOf(folder: string, name: string): string[] {
  const parts = folder === '' ? [] : folder.split('/');
  return Array.from({ length: parts.length + 1 }, (_, up) => [...parts.slice(0, parts.length - up), 'node_modules', name].join('/'));
}
