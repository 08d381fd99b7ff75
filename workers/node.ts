import packageJson from 'semievol/package.json' with { type: 'json' };
import { PluginRefused } from './errors.ts';

/**
 * Refuses a Node older than the package says: some requests would fail there, one by one.
 * @throws PluginRefused with both versions
 */
export function refuseOldNode(version: string = process.versions.node): void {
  const wanted = packageJson.engines.node.replace('>=', '');
  if (version.localeCompare(wanted, 'en', { numeric: true }) < 0)
    throw new PluginRefused(
      `semievol needs Node ${wanted} or newer, and this is Node ${version}: run the worker with a newer one`,
    );
}
