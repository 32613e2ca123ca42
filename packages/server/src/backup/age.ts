import { Decrypter, Encrypter } from 'age-encryption';
import { Redacted } from '@coffer/core';
import { StartError } from '../start-error.ts';

/**
 * Encryption of backups: the age format (C2SP age), so that the `age` program opens them, too. Whoever is a recipient
 * can open it; a passphrase stands alone. The format covers every byte, and its end: what was cut off is noticed.
 */
export type Lock =
  | { recipients: readonly string[] }
  /** `workFactor`: of scrypt, as a power of two; for tests. */
  | { passphrase: Redacted<string>; workFactor?: number };
export type Opener = { identities: Redacted<readonly string[]> } | { passphrase: Redacted<string> };

/** Recipients with commas or spaces between. Fails with a StartError that names the source. */
export function parseRecipients(source: string, text: string): readonly string[] {
  const recipients = text.split(/[\s,]+/).filter((part) => part !== '');
  for (const recipient of recipients) {
    try {
      new Encrypter().addRecipient(recipient);
    } catch (cause) {
      throw new StartError(`${source} must be recipients of age, as in age1…, with commas between`, {
        cause,
      });
    }
  }
  if (recipients.length === 0) throw new StartError(`${source} names no recipient`);
  return recipients;
}

/** The text of an identity file, as `age-keygen` writes it. Fails with a StartError that names the source. */
export function parseIdentities(source: string, text: string): Redacted<readonly string[]> {
  const identities = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  for (const identity of identities) {
    try {
      new Decrypter().addIdentity(identity);
    } catch {
      // Its message or cause could hold a part of the key.
      throw new StartError(`${source} holds a line that is no identity of age (AGE-SECRET-KEY-1…)`);
    }
  }
  if (identities.length === 0) throw new StartError(`${source} holds no identity of age`);
  return new Redacted(identities);
}

export async function encrypt(
  lock: Lock,
  plain: ReadableStream<Uint8Array>,
): Promise<ReadableStream<Uint8Array>> {
  const encrypter = new Encrypter();
  if ('passphrase' in lock) {
    encrypter.setPassphrase(lock.passphrase.expose());
    if (lock.workFactor !== undefined) encrypter.setScryptWorkFactor(lock.workFactor);
  } else for (const recipient of lock.recipients) encrypter.addRecipient(recipient);
  return await encrypter.encrypt(plain);
}

/** Fails with a StartError when it is no such file or cannot be opened so. */
export async function decrypt(
  opener: Opener,
  sealed: ReadableStream<Uint8Array>,
): Promise<ReadableStream<Uint8Array>> {
  const decrypter = new Decrypter();
  if ('passphrase' in opener) decrypter.addPassphrase(opener.passphrase.expose());
  else for (const identity of opener.identities.expose()) decrypter.addIdentity(identity);
  try {
    return await decrypter.decrypt(sealed);
  } catch (cause) {
    const isKeyRefused = cause instanceof Error && cause.message.startsWith('no identity matched');
    throw new StartError(
      isKeyRefused
        ? `the backup was not made for this ${'passphrase' in opener ? 'passphrase' : 'identity'}`
        : 'this is not a backup: it does not begin like a file of age, or its beginning was altered',
      { cause },
    );
  }
}
