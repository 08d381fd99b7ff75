import { SemiEvolError } from '../core/errors.ts';

/** The plugin cannot do its work in this worker, or on this Node. */
export class PluginRefused extends SemiEvolError {
  override readonly name = 'PluginRefused';
  override readonly isOfInput = true;
}
