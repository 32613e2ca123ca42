import { AppError, type UserId } from '@coffer/core';
import type { Clock } from '../clock.ts';
import { sha256Hex } from '../sha256.ts';
import {
  findAttempts,
  hasSignedInFrom,
  removeAttempts,
  removeOldAttempts,
  removeOldSignInAddresses,
  saveAttempts,
  saveSignInAddress,
  type Attempts,
} from '../store/attempts.ts';
import type { Transaction } from '../store/database.ts';

import { addressGroup } from './address-ranges.ts';

/** After `free` failures each further one doubles the wait, from one second up to `waitSecondsMax`. */
export type AttemptLimit = { free: number; waitSecondsMax: number };

export type AttemptLimits = Record<'pair' | 'address' | 'account', AttemptLimit>;

/**
 * One account from one address is slowed down first, an address over all accounts later, and an account over all
 * addresses last and least: whoever attacks an account from many places must not lock its owner out. Addresses from
 * which the account has signed in before feel neither: what others do there or elsewhere does not slow its owner down.
 */
export const ATTEMPT_LIMITS: AttemptLimits = {
  pair: { free: 5, waitSecondsMax: 300 },
  address: { free: 30, waitSecondsMax: 300 },
  account: { free: 50, waitSecondsMax: 60 },
};

const FORGET_AFTER_MS = 60 * 60 * 1000;
const REMEMBER_ADDRESS_MS = 90 * 24 * 60 * 60 * 1000;

export type Attempt = {
  /** What was typed, or a uid: the account that is tried, whether it exists or not. */
  account: string;
  uid: UserId | undefined;
  ip: string;
};

type Subject = { name: string; limit: AttemptLimit };

/** Counts failed tries at secrets. The counts are in the store: they survive a restart and hold for all nodes. */
export class Throttle {
  readonly #clock: Clock;
  readonly #limits: AttemptLimits;

  constructor(clock: Clock, limits: AttemptLimits = ATTEMPT_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /**
   * Counts the attempt as failed before its outcome is known, so that a hundred at once are not a hundred free tries.
   * Answers with the milliseconds to wait: 0 means go ahead. An attempt that has to wait is not counted.
   */
  async begin(tx: Transaction, attempt: Attempt): Promise<number> {
    const now = this.#clock();
    await removeOldAttempts(tx, now - FORGET_AFTER_MS);
    const counted: (Subject & { attempts: Attempts })[] = [];
    for (const subject of await this.#subjects(tx, attempt)) {
      const known = await this.#findAttempts(tx, subject.name, now);
      counted.push({ ...subject, attempts: known ?? { failures: 0, blockedUntil: 0, updatedAt: 0 } });
    }
    const waitMs = Math.max(...counted.map(({ attempts }) => attempts.blockedUntil - now));
    if (waitMs > 0) return waitMs;
    for (const { name, limit, attempts } of counted) {
      const failures = attempts.failures + 1;
      await saveAttempts(tx, name, {
        failures,
        blockedUntil: now + waitAfter(failures, limit),
        updatedAt: now,
      });
    }
    return 0;
  }

  /** Takes the attempt back: it was none. What others did to the shared counts stays. */
  async succeed(tx: Transaction, attempt: Attempt): Promise<void> {
    const now = this.#clock();
    for (const { name, limit } of await this.#subjects(tx, attempt)) {
      const attempts = await findAttempts(tx, name);
      if (attempts === undefined) continue;
      const failures = attempts.failures - 1;
      if (name.startsWith('pair:') || failures <= 0) {
        await removeAttempts(tx, name);
        continue;
      }
      const blockedUntil = Math.min(attempts.blockedUntil, now + waitAfter(failures, limit));
      await saveAttempts(tx, name, { failures, blockedUntil, updatedAt: attempts.updatedAt });
    }
  }

  /** The account's owner is at this address: attacks from elsewhere do not slow them down here. */
  async remember(tx: Transaction, uid: UserId, ip: string): Promise<void> {
    const now = this.#clock();
    await removeOldSignInAddresses(tx, now - REMEMBER_ADDRESS_MS);
    await saveSignInAddress(tx, { uid, address: addressGroup(ip), at: now });
  }

  /** Those of a clock that has been set back since count from now on: the wait is as long as it was, and no longer. */
  async #findAttempts(tx: Transaction, name: string, now: number): Promise<Attempts | undefined> {
    const known = await findAttempts(tx, name);
    if (known === undefined || known.updatedAt <= now) return known;
    const blockedUntil = known.blockedUntil - (known.updatedAt - now);
    const attempts = { failures: known.failures, blockedUntil, updatedAt: now };
    await saveAttempts(tx, name, attempts);
    return attempts;
  }

  async #subjects(tx: Transaction, { account, uid, ip }: Attempt): Promise<Subject[]> {
    const address = addressGroup(ip);
    // Hashed: people type passwords where the user name goes.
    const hashed = sha256Hex(Buffer.from(account.toLowerCase()));
    const isKnownAddress = uid !== undefined && (await hasSignedInFrom(tx, uid, address));
    return [
      { name: `pair:${hashed}:${address}`, limit: this.#limits.pair },
      ...(isKnownAddress
        ? []
        : [
            { name: `address:${address}`, limit: this.#limits.address },
            { name: `account:${hashed}`, limit: this.#limits.account },
          ]),
    ];
  }
}

/** The refusal for an attempt that has to wait. */
export function tooManyAttempts(waitMs: number): AppError {
  return new AppError('too_many_attempts', { retry_after_seconds: Math.ceil(waitMs / 1000) });
}

function waitAfter(failures: number, { free, waitSecondsMax }: AttemptLimit): number {
  if (failures < free) return 0;
  return Math.min(2 ** (failures - free), waitSecondsMax) * 1000;
}
