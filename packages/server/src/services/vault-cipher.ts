import { createSecretKey, randomBytes } from 'node:crypto';
import {
  AppError,
  formatId,
  idBytes,
  ID_BYTES,
  type DataKeyId,
  type EntryId,
  type EnvironmentId,
  type InstanceId,
  type ProjectId,
  type SealContext,
} from '@coffer/core';
import type { Clock } from '../clock.ts';
import { open, seal, type SealingKey } from '../keys/aead.ts';
import { unwrapDataKey, wrapDataKey, type DataKeyPlace } from '../keys/wrapping.ts';
import type { Reader, Transaction } from '../store/database.ts';
import {
  addSeals,
  findActiveDataKey,
  findDataKey,
  insertDataKey,
  listDataKeysAmong,
  markDataKeysReplaced,
  retireDataKey,
  type DataKey,
} from '../store/data-keys.ts';
import { TransactionMemory } from '../store/transaction-memory.ts';
import type { RootKeyring } from './root-keyring.ts';

/** The version of an entry that something is sealed for, or was. */
export type VersionPlace = {
  projectId: ProjectId;
  environment: EnvironmentId;
  entryId: EntryId;
  version: number;
};

export type SealedVersion = { dataKeyId: DataKeyId; valueSealed: Uint8Array; commentSealed: Uint8Array };

/**
 * With random 96-bit nonces a key is good for 2^32 seals (NIST SP 800-38D, 8.3). It is retired long before: at 2^23
 * the chance that a nonce was used twice is below 2^-50.
 */
const DATA_KEY_SEALS_MAX = 2 ** 23;
const SEALS_PER_VERSION = 2;
const CACHED_KEYS_MAX = 1000;

/** Seals and opens what entries hold, under the data keys of their projects. Opened data keys live only in memory. */
export class VaultCipher {
  readonly #instanceId: InstanceId;
  readonly #rootKeys: RootKeyring;
  readonly #clock: Clock;
  readonly #sealsMax: number;
  readonly #cache = new Map<DataKeyId, SealingKey>();
  /** By project, with what the transaction has sealed so far. */
  readonly #active = new TransactionMemory<DataKey | undefined>();

  constructor(
    rootKeys: RootKeyring,
    {
      instanceId,
      clock,
      sealsMax = DATA_KEY_SEALS_MAX,
    }: { instanceId: InstanceId; clock: Clock; sealsMax?: number },
  ) {
    this.#instanceId = instanceId;
    this.#rootKeys = rootKeys;
    this.#clock = clock;
    this.#sealsMax = sealsMax;
  }

  /** In a transaction that will seal, or may. */
  readAhead(tx: Transaction, projectId: ProjectId): void {
    this.#active.readAhead(tx, projectId, async () => await findActiveDataKey(tx, projectId));
  }

  /** Seals under the project's active data key, which is made or replaced when needed. */
  async seal(
    tx: Transaction,
    place: VersionPlace,
    plain: { value: Uint8Array; comment: Uint8Array },
  ): Promise<SealedVersion> {
    const dataKey = await this.#activeKey(tx, place.projectId);
    await addSeals(tx, dataKey.id, SEALS_PER_VERSION);
    this.#active.remember(tx, place.projectId, { ...dataKey, seals: dataKey.seals + SEALS_PER_VERSION });
    const sealing = this.#unwrap(dataKey);
    return {
      dataKeyId: dataKey.id,
      valueSealed: seal(sealing, this.#contextOf(place, 'value'), plain.value),
      commentSealed: seal(sealing, this.#contextOf(place, 'comment'), plain.comment),
    };
  }

  /** Fails with `value_unreadable` when the ciphertext is not the one that was sealed for this place. */
  async open(
    db: Reader,
    place: VersionPlace,
    field: 'value' | 'comment',
    sealed: SealedVersion,
  ): Promise<Buffer> {
    const key =
      this.#cache.get(sealed.dataKeyId) ?? (await this.#fetchKey(db, place.projectId, sealed.dataKeyId));
    const envelope = field === 'value' ? sealed.valueSealed : sealed.commentSealed;
    return open(key, this.#contextOf(place, field), envelope);
  }

  /**
   * A new key seals what the project seals from now on; what the others sealed is to be sealed anew. Answers with its id,
   * and how many it replaces.
   */
  async renewKey(
    tx: Transaction,
    projectId: ProjectId,
    at: number,
  ): Promise<{ id: DataKeyId; replaced: number }> {
    const replaced = await markDataKeysReplaced(tx, projectId, at);
    const { id } = await this.#makeKey(tx, projectId, at);
    return { id, replaced };
  }

  /** Drops from memory the keys that are not there any more, whichever process destroyed them. */
  async forgetDestroyed(db: Reader): Promise<void> {
    const known = [...this.#cache.keys()];
    const there = new Set(await listDataKeysAmong(db, known));
    for (const id of known) if (!there.has(id)) this.#cache.delete(id);
  }

  async #activeKey(tx: Transaction, projectId: ProjectId): Promise<DataKey> {
    const active = await this.#active.recall(
      tx,
      projectId,
      async () => await findActiveDataKey(tx, projectId),
    );
    if (active !== undefined && active.seals + SEALS_PER_VERSION <= this.#sealsMax) return active;
    if (active !== undefined) await retireDataKey(tx, active.id);
    return await this.#makeKey(tx, projectId, this.#clock());
  }

  async #makeKey(tx: Transaction, projectId: ProjectId, createdAt: number): Promise<DataKey> {
    const id = formatId('dk', randomBytes(ID_BYTES));
    const keys = await this.#rootKeys.current(tx);
    const wrapped = wrapDataKey(keys, this.#placeOf({ projectId, id }), randomBytes(32));
    const made: DataKey = {
      id,
      projectId,
      state: 'active',
      wrapped,
      rootKeyId: keys.rootKeyId,
      seals: 0,
      createdAt,
    };
    await insertDataKey(tx, made);
    this.#active.remember(tx, projectId, made);
    return made;
  }

  async #fetchKey(db: Reader, projectId: ProjectId, id: DataKeyId): Promise<SealingKey> {
    const dataKey = await findDataKey(db, id);
    // A key of another project would not open it either; this says so before trying.
    if (dataKey === undefined || dataKey.projectId !== projectId) throw new AppError('value_unreadable');
    return this.#unwrap(dataKey);
  }

  #unwrap(dataKey: DataKey): SealingKey {
    const known = this.#cache.get(dataKey.id);
    if (known !== undefined) return known;
    const keys = this.#rootKeys.get(dataKey.rootKeyId);
    const bytes = unwrapDataKey(keys, this.#placeOf(dataKey), dataKey.wrapped);
    const key = { id: idBytes(dataKey.id), key: createSecretKey(bytes) };
    bytes.fill(0);
    const [oldest] = this.#cache.keys();
    if (this.#cache.size >= CACHED_KEYS_MAX && oldest !== undefined) this.#cache.delete(oldest);
    this.#cache.set(dataKey.id, key);
    return key;
  }

  #placeOf({ projectId, id }: Pick<DataKey, 'projectId' | 'id'>): DataKeyPlace {
    return { instanceId: this.#instanceId, projectId, id };
  }

  #contextOf(place: VersionPlace, field: 'value' | 'comment'): SealContext {
    return {
      instance: this.#instanceId,
      project: place.projectId,
      environment: place.environment,
      entry: place.entryId,
      version: place.version,
      field,
    };
  }
}
