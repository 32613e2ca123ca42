import { resolve } from 'node:path';
import { Redacted } from '@coffer/core';
import { StartError } from '../start-error.ts';
import type { SettingName } from './settings.ts';
import { checkPassphrase } from './check-passphrase.ts';

export type BackupSettings = {
  /** Undefined: none are set. */
  recipients: readonly string[] | undefined;
  /** Undefined: none is set. */
  passphrase: Redacted<string> | undefined;
  /** Undefined: the server makes none by itself. `keep`: how many files. */
  schedule: { directory: string; everyMs: number; keep: number; recipients: readonly string[] } | undefined;
};

type Read = (name: SettingName) => string | undefined;

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const EVERY_MS_MIN = 10 * 60_000;
const EVERY_MS_MAX = 366 * 86_400_000;

/** Fails with a StartError that names the setting. */
export function readBackupSettings(read: Read): BackupSettings {
  const recipients = parseRecipients(read('COFFER_BACKUP_RECIPIENTS'));
  return {
    recipients,
    passphrase: parsePassphrase(read('COFFER_BACKUP_PASSPHRASE')),
    schedule: readSchedule(read, recipients),
  };
}

function readSchedule(read: Read, recipients: readonly string[] | undefined): BackupSettings['schedule'] {
  const directory = read('COFFER_BACKUP_DIR');
  const every = read('COFFER_BACKUP_EVERY');
  const keep = read('COFFER_BACKUP_KEEP');
  if (directory === undefined) {
    if (every !== undefined) throw new StartError('COFFER_BACKUP_EVERY is set without COFFER_BACKUP_DIR');
    if (keep !== undefined) throw new StartError('COFFER_BACKUP_KEEP is set without COFFER_BACKUP_DIR');
    return undefined;
  }
  if (recipients === undefined) {
    throw new StartError(
      'COFFER_BACKUP_DIR is set without COFFER_BACKUP_RECIPIENTS: say who can open the backups',
    );
  }
  return {
    directory: resolve(directory),
    everyMs: parseEvery(every ?? '1d'),
    keep: parseKeep(keep ?? '14'),
    recipients,
  };
}

function parseEvery(text: string): number {
  const [, amount, unit = ''] = /^([1-9]\d{0,5})([mhd])$/.exec(text) ?? [];
  const ms = Number(amount) * (UNITS_MS[unit] ?? Number.NaN);
  if (ms >= EVERY_MS_MIN && ms <= EVERY_MS_MAX) return ms;
  throw new StartError('COFFER_BACKUP_EVERY must be a duration from 10m to 366d, as in 30m, 12h or 7d');
}

function parseKeep(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new StartError('COFFER_BACKUP_KEEP must be a whole number from 1 to 9999');
}

/** What they are made of is checked where they are used: that takes a program of its own. */
function parseRecipients(text: string | undefined): readonly string[] | undefined {
  const recipients = text?.split(',').map((part) => part.trim());
  if (recipients?.every((recipient) => /^age1[a-z0-9]{20,4000}$/.test(recipient)) === false)
    throw new StartError(
      'COFFER_BACKUP_RECIPIENTS must be recipients of age, as in age1…, with commas between',
    );
  return recipients;
}

function parsePassphrase(text: string | undefined): Redacted<string> | undefined {
  return text === undefined ? undefined : checkPassphrase('COFFER_BACKUP_PASSPHRASE', new Redacted(text));
}
