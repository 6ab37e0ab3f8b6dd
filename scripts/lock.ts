/** The requirements on package-lock.json so that "npm ci" works on every platform, with any registry. */

export type LockedPackage = {
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};

/** Packages as package-lock.json stores them: by installation folder, "" for the root. */
export type Lock = { readonly packages: Readonly<Record<string, LockedPackage>> };

/** What is wrong with a lock, one line each: missing dependencies, also of other platforms, and registry addresses. */
export function faultsOf({ packages }: Lock): string[] {
  return Object.entries(packages).flatMap(([folder, locked]) => {
    const wanted = Object.keys({ ...locked.dependencies, ...locked.optionalDependencies });
    const missing = wanted.filter((name) => !placesOf(folder, name).some((place) => place in packages));
    const faults = missing.map((name) => `${folder === '' ? 'the root' : folder} needs ${name}, which is not in the lock`);
    if (locked.link !== true && locked.resolved !== undefined) faults.push(`${folder} names where it was downloaded: ${locked.resolved}`);
    return faults;
  });
}

/** The folders in which Node looks for a package, from a folder upwards. */
function placesOf(folder: string, name: string): string[] {
  const parts = folder === '' ? [] : folder.split('/');
  return Array.from({ length: parts.length + 1 }, (_, up) => [...parts.slice(0, parts.length - up), 'node_modules', name].join('/'));
}
