import type { AwsAuth } from '@coffer/core';
import { AwsV4Signer } from 'aws4fetch';
import { sha256Hex } from '../../sha256.ts';
import type { OutgoingRequest } from '../request.ts';
import { checkCredential } from './credential.ts';

/**
 * AWS Signature Version 4, over all headers of the request and the host. The hash of the body is sent to every service:
 * some refuse a request without it, and none one with it. `now` in milliseconds since 1970.
 */
export async function signForAws(
  { url, method, headers, body }: OutgoingRequest,
  auth: AwsAuth,
  now: number,
): Promise<{ headers: [name: string, value: string][]; secrets: string[] }> {
  // Half a credential would be signed with as well, and refused by an answer that says less.
  checkCredential('request.auth.access_key_id', auth.access_key_id, 'visible ASCII');
  checkCredential('request.auth.secret_access_key', auth.secret_access_key, 'visible ASCII');
  if (auth.session_token !== null)
    checkCredential('request.auth.session_token', auth.session_token, 'visible ASCII');

  const datetime = new Date(now).toISOString().replace(/[:-]|\.\d{3}/g, '');
  const added: [name: string, value: string][] = [
    ['X-Amz-Date', datetime],
    ['X-Amz-Content-Sha256', sha256Hex(body ?? Buffer.alloc(0))],
  ];
  if (auth.session_token !== null) added.push(['X-Amz-Security-Token', auth.session_token]);

  const signer = new AwsV4Signer({
    method,
    url: url.href,
    headers: [...headers.map(([name, value]): [string, string] => [name, value]), ...added],
    accessKeyId: auth.access_key_id,
    secretAccessKey: auth.secret_access_key,
    region: auth.region,
    service: auth.service,
    datetime,
    // Without this it leaves out Content-Type, among others, which S3 wants signed.
    allHeaders: true,
  });
  const signature = await signer.signature();
  added.push([
    'Authorization',
    `AWS4-HMAC-SHA256 Credential=${auth.access_key_id}/${signer.credentialString}, ` +
      `SignedHeaders=${signer.signedHeaders}, Signature=${signature}`,
  ]);
  return {
    headers: added,
    secrets: [signature, ...(auth.session_token === null ? [] : [auth.session_token])],
  };
}
