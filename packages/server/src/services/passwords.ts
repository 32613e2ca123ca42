import { hash, verify, type Algorithm } from '@node-rs/argon2';
import { AppError, invalidField, type Redacted } from '@coffer/core';

/** argon2id, RFC 9106's second recommendation: 64 MiB, 3 passes. OWASP ASVS 11.4.2 asks for less. */
export const PASSWORD_COST = { memoryCost: 65_536, timeCost: 3, parallelism: 1 };
export type PasswordCost = typeof PASSWORD_COST;

/** Hashing takes a core for a tenth of a second and its memory: more at once would serve nobody sooner. */
const CONCURRENT_MAX = 2;
const WAITING_MAX = 64;

const GUESSES_MIN = 1e6;
/** A longer one is judged by its beginning: the estimate takes long for long ones, and more characters only help. */
const ESTIMATED_CHARACTERS_MAX = 100;

type Estimator = (password: string, names: readonly string[]) => number;

/** Hashes passwords and compares them, a few at a time. */
export class Passwords {
  readonly #options: PasswordCost & { algorithm: Algorithm };
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #decoy: Promise<string> | undefined;

  constructor(cost: PasswordCost = PASSWORD_COST) {
    // A const enum of another module, which this compiler does not inline: 2 is Argon2id.
    this.#options = { ...cost, algorithm: 2 };
  }

  /**
   * Fails with `invalid_input` when the password is among the common ones, a variation of one, or made of the user's
   * own names: when it would be guessed in fewer than a million tries.
   */
  async refuseCommon(path: string, password: Redacted<string>, names: readonly string[]): Promise<void> {
    const estimate = await (estimator ??= loadEstimator());
    if (estimate(password.expose(), names) >= GUESSES_MIN) return;
    throw invalidField(
      path,
      'is among the most common passwords, a variation of one, or made of your own names',
    );
  }

  /** Fails with `overloaded` when too many wait. */
  async hash(password: Redacted<string>): Promise<string> {
    return await this.#limited(async () => await hash(password.expose(), this.#options));
  }

  /**
   * Without a hash it compares with a decoy, so that an unknown user costs the same as a wrong password. Fails with
   * `overloaded` when too many wait.
   */
  async matches(passwordHash: string | undefined, password: Redacted<string>): Promise<boolean> {
    const decoy = await (this.#decoy ??= hash('', this.#options));
    const matching = await this.#limited(async () => await verify(passwordHash ?? decoy, password.expose()));
    return matching && passwordHash !== undefined;
  }

  async #limited<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= CONCURRENT_MAX) {
      if (this.#waiting.length >= WAITING_MAX) throw new AppError('overloaded');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await work();
    } finally {
      // The place goes to the next in line; only when there is none does it become free.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

/** Half a megabyte of dictionaries, needed only when someone chooses a password. */
let estimator: Promise<Estimator> | undefined;

async function loadEstimator(): Promise<Estimator> {
  const [{ ZxcvbnFactory }, { adjacencyGraphs, dictionary }] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
  ]);
  const factory = new ZxcvbnFactory({ graphs: adjacencyGraphs, dictionary });
  return (password, names) => factory.check(password.slice(0, ESTIMATED_CHARACTERS_MAX), [...names]).guesses;
}
