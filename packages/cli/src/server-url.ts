import { CliError } from './cli-error.ts';

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** The form in which servers are compared and credentials are kept. Fails with `url_invalid`. */
export function parseUrl(text: string, from: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const valid =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === '';
  if (!valid) throw new CliError('url_invalid', { from });
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** Whether what is sent there can be read on the way. */
export function isInTheClear(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !LOOPBACK.test(hostname);
}
