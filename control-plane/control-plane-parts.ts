import type { Clock } from '@bellwether/shared/clock';
import type { Log } from '@bellwether/shared/log';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import type { AlertRules } from './alerts/alert-rule.js';
import type { ArtefactStore, Catalog } from './catalog/catalog.js';
import type { OnlineKeyRing } from './catalog/online-key-ring-disk.js';
import type { ServeSettings } from './config.js';
import type { Database } from './database/database-sqlite.js';
import type { TlsFiles } from './http/tls-files-disk.js';

/** What a control plane is built from. */
export interface ControlPlaneParts {
  readonly settings: ServeSettings;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly database: Database;
  readonly catalog: Catalog & ArtefactStore;
  readonly keys: { readonly online: OnlineKeyRing; readonly issuer: KeyPair; readonly audit: KeyPair };
  /** The first admin's token; undefined on a server that has operators. */
  readonly firstToken: string | undefined;
  /** That token takes the place of the one before. */
  readonly renewsFirstToken: boolean;
  /** Of signed URLs for blobs. */
  readonly urlSecret: string;
  /** By which an external broker is known. */
  readonly hookSecret: string;
  /** From which those of webhooks are made. */
  readonly webhookSecret: string;
  /** The certificate; undefined: plain HTTP and MQTT. */
  readonly tls: TlsFiles | undefined;
  readonly alertRules: AlertRules;
  readonly consoleFolder: string;
}
