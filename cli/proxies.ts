import http from 'node:http';
import { isUrl } from '../core/url.ts';
import { CliError } from './errors.ts';

/** This machine, in the forms that programs know in NO_PROXY. */
const LOCAL = ['localhost', '127.0.0.1', '127.0.0.2-127.255.255.255', '127.0.0.0/8', '::1'];

/**
 * Lets the requests of this process to endpoints and for data go by the proxies that HTTP_PROXY,
 * HTTPS_PROXY, ALL_PROXY and NO_PROXY name, in either case, and never those to this machine.
 * Libraries and child processes each read the variables in their own way, so they are set for all.
 * @throws CliError where a variable names no proxy
 */
export function useProxies(): void {
  const all = proxyOf('all');
  const proxies = { http: proxyOf('http') ?? all, https: proxyOf('https') ?? all };
  if (!proxies.http && !proxies.https) return;
  setBoth('http', proxies.http);
  setBoth('https', proxies.https);
  setBoth('no', [variable('no'), ...LOCAL].filter(Boolean).join(','));
  if ('setGlobalProxyFromEnv' in http) http.setGlobalProxyFromEnv();
  else if (!process.env.NODE_USE_ENV_PROXY)
    throw new CliError(
      `Node ${process.version} goes by the proxy of HTTP_PROXY and HTTPS_PROXY only with NODE_USE_ENV_PROXY=1: set it, and NO_PROXY=localhost,127.0.0.1,::1, or take Node 24.14 or newer`,
    );
}

/** What a variable holds; the lower case counts first, as with curl. */
const variable = (name: string) =>
  process.env[`${name}_proxy`] ?? process.env[`${name.toUpperCase()}_PROXY`];

function setBoth(name: string, value = ''): void {
  process.env[`${name}_proxy`] = process.env[`${name.toUpperCase()}_PROXY`] = value;
}

/** The URL of a proxy, which may be written without http://; undefined where there is none. */
function proxyOf(name: 'http' | 'https' | 'all'): string | undefined {
  const value = variable(name);
  if (!value) return undefined;
  const url = isUrl(value) ? value : `http://${value}`;
  if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return url;
  // Many have it for other programs, and name the proxy for these requests beside it.
  if (name === 'all') return undefined;
  // The value is not repeated: it may hold a password.
  throw new CliError(
    `${name.toUpperCase()}_PROXY is no address of an HTTP proxy: write http://HOST:PORT, or unset it`,
  );
}
