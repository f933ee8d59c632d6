// Where the files that come with the package are: the only place that knows how its folders lie to each other.

/**
 * The URL of a file of the package. This module and the bundles that it becomes part of lie in the same folder.
 * `path` counts from the root of the package, e.g. `profiles/docker-default.json`.
 */
export const packageFile = (path: string): URL => new URL(`../${path}`, import.meta.url);
