import packageJson from 'semievol/package.json' with { type: 'json' };

/**
 * Refuses a Node older than the package says: some requests would fail there, one by one.
 * @throws Error with both versions
 */
export function refuseOldNode(version: string = process.versions.node): void {
  const wanted = packageJson.engines.node.replace('>=', '');
  if (version.localeCompare(wanted, 'en', { numeric: true }) < 0)
    throw new Error(
      `semievol needs Node ${wanted} or newer, and this is Node ${version}: run the worker with a newer one`,
    );
}
