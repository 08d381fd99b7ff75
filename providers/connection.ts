const OTHER_HOST = 'ERR_TLS_CERT_ALTNAME_INVALID';
const NO_TLS = new Set([
  'EPROTO',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
]);

/**
 * Why a request got no answer, with the remedy where there is one; undefined where the error does
 * not tell. For what `fetch`, Node's `http` and clients built on them throw.
 */
export function whyUnreachable(error: unknown): string | undefined {
  const reason = systemError(error);
  if (!reason) return undefined;
  const { code, message } = reason;
  if (code === OTHER_HOST) return `its certificate is for another host: ${message}`;
  if (NO_TLS.has(code)) return 'it does not speak TLS: write http:// in its address, not https://';
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired';
  if (/CERT|UNABLE_TO_(GET|VERIFY)/.test(code))
    return `its certificate is not trusted here (${code}): name the file of its certificate authority in NODE_EXTRA_CA_CERTS`;
  return message || code;
}

/** The innermost error with a code, which is the system's or the TLS library's. */
function systemError(error: unknown): { code: string; message: string } | undefined {
  let found: { code: string; message: string } | undefined;
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if ('code' in at && typeof at.code === 'string') found = { code: at.code, message: at.message };
  return found;
}
