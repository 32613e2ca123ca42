import type { InstanceId } from '@coffer/core';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { OAuthTokens } from '../outbound/auth/oauth-tokens.ts';
import type { Store } from '../store/database.ts';
import type { AuditLog } from './audit-log.ts';
import type { BackupSchedule } from './backup-log.ts';
import type { Egress } from '../egress/egress.ts';
import type { Eraser } from './eraser.ts';
import type { IdentityTokens } from './identity-tokens.ts';
import type { Passwords } from './passwords.ts';
import type { RootKeyring } from './root-keyring.ts';
import type { RunningCalls } from './running-calls.ts';
import type { SavedHead } from './saved-head.ts';
import type { Throttle } from './throttle.ts';
import type { Tokens } from './tokens.ts';
import type { VaultCipher } from './vault-cipher.ts';
import type { Watchers } from './watchers.ts';

/** What the services work with. Made once, in `app.ts`. */
export type Context = {
  store: Store;
  audit: AuditLog;
  eraser: Eraser;
  clock: Clock;
  log: Logger;
  instance: { id: InstanceId };
  rootKeys: RootKeyring;
  cipher: VaultCipher;
  passwords: Passwords;
  throttle: Throttle;
  tokens: Tokens;
  egress: Egress;
  identityTokens: IdentityTokens;
  watchers: Watchers;
  runningCalls: RunningCalls;
  savedHead: SavedHead;
  oauthTokens: OAuthTokens;
  /** Undefined: the server makes no backups by itself. */
  backupSchedule: BackupSchedule | undefined;
};
