import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { CliError } from './errors.ts';

/**
 * Trusts the certificate authorities of SSL_CERT_FILE, too, as other programs do. Node itself reads
 * NODE_EXTRA_CA_CERTS.
 * @throws CliError where they cannot be read
 */
export function trustCertificates(): void {
  const { SSL_CERT_FILE: file } = process.env;
  if (!file || !('setDefaultCACertificates' in tls)) return;
  try {
    const more = readFileSync(file, 'utf8');
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), more]);
  } catch (error) {
    throw new CliError(
      `SSL_CERT_FILE=${file} cannot be read as certificates (${(error as Error).message}): name a PEM file, or unset it`,
      { cause: error },
    );
  }
}
