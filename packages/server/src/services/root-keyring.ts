import { AppError, type InstanceId, type Redacted } from '@coffer/core';
import { deriveInstanceKeys, rootKeyCheck, type InstanceKeys } from '../keys/root-key.ts';
import type { RootKeySource } from '../keys/root-key-source.ts';
import { openTokenKey } from '../keys/wrapping.ts';
import { StartError } from '../start-error.ts';
import { countDataKeysByRootKey } from '../store/data-keys.ts';
import type { Reader } from '../store/database.ts';
import { getCurrentRootKey, listRootKeys, type KnownRootKey } from '../store/root-keys.ts';

/** A root key that we were given, and what is derived from it. */
export type GivenRootKey = {
  rootKey: Redacted<Buffer>;
  check: Buffer;
  keys: InstanceKeys;
};

/** A key that tokens may still be signed with, though its root key was replaced. */
export type PastTokenKey = Pick<InstanceKeys, 'rootKeyId' | 'tokenKey'> & { replacedAt: number };

/**
 * The root keys that this process was given. Which one is the current one is not up to their order, but says the
 * database; where it names one that we do not have, the source is read again, so that a rotation of a key in a file needs
 * no restart.
 */
export class RootKeyring {
  readonly #source: RootKeySource;
  readonly #instanceId: InstanceId;
  #given: readonly GivenRootKey[] = [];
  #current: GivenRootKey | undefined;

  constructor(source: RootKeySource, instanceId: InstanceId) {
    this.#source = source;
    this.#instanceId = instanceId;
    this.#read();
  }

  /** In the order of the source. */
  get given(): readonly GivenRootKey[] {
    return this.#given;
  }

  /** What was the current one when we last looked; once, at start, `current` must have been asked. */
  get latest(): InstanceKeys {
    if (this.#current === undefined) throw new Error('the current root key is not known yet');
    return this.#current.keys;
  }

  /**
   * What new things are wrapped and signed under: the current root key as this transaction sees it. Fails with
   * `store_unavailable` when we do not have it.
   */
  async current(db: Reader): Promise<InstanceKeys> {
    return (await this.currentGiven(db)).keys;
  }

  /** The same with the key that they are derived from. */
  async currentGiven(db: Reader): Promise<GivenRootKey> {
    const { keyCheck } = await getCurrentRootKey(db);
    if (this.#current?.check.equals(keyCheck) !== true) {
      this.#current = this.#find(({ check }) => check.equals(keyCheck));
    }
    return this.#current;
  }

  /** What opens something that was wrapped under this root key. Fails with `store_unavailable` when we do not have it. */
  get(rootKeyId: Uint8Array): InstanceKeys {
    return this.#find(({ keys }) => keys.rootKeyId.equals(rootKeyId)).keys;
  }

  /** Of the root keys that were replaced, newest first: their own keys may be gone by now. */
  async pastTokenKeys(db: Reader): Promise<PastTokenKey[]> {
    const known = await listRootKeys(db);
    return known.flatMap(({ tokenKeySealed, since }) =>
      tokenKeySealed === undefined ? [] : (this.#openTokenKey(tokenKeySealed, since) ?? []),
    );
  }

  /**
   * Fails with a StartError unless we have the current root key and every other one that something is wrapped under
   * (R10).
   */
  async requireComplete(db: Reader): Promise<void> {
    const known = await listRootKeys(db);
    const current = known.find(({ state }) => state === 'current');
    if (current === undefined || !this.#given.some(({ check }) => check.equals(current.keyCheck)))
      throw new StartError(this.#refusal(known));
    this.#current = this.#find(({ check }) => check.equals(current.keyCheck));
    const used = await countDataKeysByRootKey(db);
    const missing = used.filter(
      ({ rootKeyId }) => !this.#given.some(({ keys }) => keys.rootKeyId.equals(rootKeyId)),
    );
    const dataKeys = missing.reduce((sum, row) => sum + row.dataKeys, 0);
    if (dataKeys === 0) return;
    // One may have begun since, or ended.
    if (![...known, ...(await listRootKeys(db))].some(({ state }) => state === 'replaced'))
      throw new StartError(
        `the database was altered: ${dataKeys} data keys name a root key that it does not have, though none is being rotated; restore it, nothing was changed`,
      );
    throw new StartError(
      `the root key is being rotated, and ${dataKeys} data keys are still wrapped under the old one: ${this.#source.name} must hold the new key and the old one until \`coffer admin rotate root-key\` says that it is done`,
    );
  }

  #refusal(known: readonly KnownRootKey[]): string {
    const old = known.find((row) => this.#given.some(({ check }) => check.equals(row.keyCheck)));
    return old === undefined
      ? 'the root key is not the one of this database; give the key that it was made with, nothing was changed'
      : `this root key was replaced on ${new Date(old.since).toISOString().slice(0, 10)}; give the one that replaced it, nothing was changed`;
  }

  /** Looks again at the source where that can have changed. */
  #find(matches: (given: GivenRootKey) => boolean): GivenRootKey {
    const found = this.#given.find(matches);
    if (found !== undefined) return found;
    const isFile = this.#source.path !== undefined;
    try {
      if (isFile) this.#read();
    } catch (cause) {
      if (!(cause instanceof StartError)) throw cause;
      throw new AppError('store_unavailable', { reason: 'the root key file cannot be read' }, { cause });
    }
    const now = this.#given.find(matches);
    if (now !== undefined) return now;
    throw new AppError('store_unavailable', {
      reason: `the root key was replaced, and this server was not given the new one; ${isFile ? 'put it into its root key file' : 'restart it with the new one'}`,
    });
  }

  #read(): void {
    this.#given = this.#source.read().map((rootKey) => {
      const keys = deriveInstanceKeys(rootKey, this.#instanceId);
      return { rootKey, check: rootKeyCheck(rootKey, this.#instanceId), keys };
    });
  }

  /** Undefined: it was sealed under one that is itself past. */
  #openTokenKey(sealed: Uint8Array, replacedAt: number): PastTokenKey | undefined {
    for (const { keys } of this.#given) {
      try {
        return { ...openTokenKey(keys, this.#instanceId, sealed), replacedAt };
      } catch {
        // Sealed under another one.
      }
    }
    return undefined;
  }
}
