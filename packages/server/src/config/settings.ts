/**
 * The settings: environment variables, in one table. Each can also be given as `<NAME>_FILE`, the path of a file that
 * holds its value. The reference page is made from this table.
 */
export type Setting = {
  name: `COFFER_${string}`;
  /** As the reference shows it. */
  fallback: string;
  meaning: string;
};

export const SETTINGS = [
  { name: 'COFFER_HOST', fallback: '127.0.0.1', meaning: 'The address on which the server listens.' },
  {
    name: 'COFFER_PORT',
    fallback: '8080',
    meaning: 'The port on which the server listens; 0 takes a free one.',
  },
  {
    name: 'COFFER_DATA_DIR',
    fallback: './data',
    meaning:
      'The directory of the database and, by default, of the root key. Made when it is not there, mode 0700.',
  },
  {
    name: 'COFFER_DATABASE_URL',
    fallback: 'SQLite in the data directory',
    meaning:
      'A PostgreSQL database (15 or newer) for several servers: `postgres://user:password@host:port/database`, with `sslmode` (`disable`, `require`, `verify-ca`, `verify-full`), `sslrootcert`, `sslcert` and `sslkey` as parameters. Without `sslmode` it is `verify-full`, and no TLS on this machine.',
  },
  {
    name: 'COFFER_ROOT_KEY',
    fallback: '`root.key` in the data directory',
    meaning:
      'The root key: 32 bytes in base64. Without it the file is used, and made at the first start, mode 0600. While it is being rotated, the new one and the old one, with white space between.',
  },
  {
    name: 'COFFER_ROOT_USERNAME',
    fallback: 'a one-time link is printed',
    meaning:
      'User name of the first ROOT user, made when the instance is empty; ignored later. Needs the next two.',
  },
  { name: 'COFFER_ROOT_EMAIL', fallback: '', meaning: 'E-mail address of the first ROOT user.' },
  { name: 'COFFER_ROOT_PASSWORD', fallback: '', meaning: 'Password of the first ROOT user.' },
  {
    name: 'COFFER_PUBLIC_URL',
    fallback: '`http://host:port`',
    meaning:
      'The address that browsers use: scheme, host and port. For cookies, links and the check of Origin.',
  },
  {
    name: 'COFFER_TLS_CERT',
    fallback: 'none',
    meaning: 'Certificate chain in PEM, to serve HTTPS. For a path, use `COFFER_TLS_CERT_FILE`.',
  },
  {
    name: 'COFFER_TLS_KEY',
    fallback: 'none',
    meaning: 'Private key in PEM. For a path, use `COFFER_TLS_KEY_FILE`.',
  },
  {
    name: 'COFFER_TRUSTED_PROXIES',
    fallback: 'none',
    meaning: 'Addresses or ranges (CIDR), with commas between, whose `X-Forwarded-For` is believed.',
  },
  {
    name: 'COFFER_EGRESS_ALLOW',
    fallback: 'none',
    meaning:
      'Origins, with commas between, that the server may call though they are not at https, port 443 and a public address, as in `http://10.0.0.7:8080,https://kubernetes.default.svc`: outside APIs of routes, and issuers of identity tokens.',
  },
  {
    name: 'COFFER_BACKUP_RECIPIENTS',
    fallback: 'none',
    meaning: 'Who can open backups: recipients of age (`age1…`), with commas between.',
  },
  {
    name: 'COFFER_BACKUP_PASSPHRASE',
    fallback: 'none',
    meaning:
      'Opens a backup, and closes one: for `coffer admin`, which asks to say which where recipients are set as well. At least 12 characters.',
  },
  {
    name: 'COFFER_BACKUP_DIR',
    fallback: 'none',
    meaning:
      'The directory, which must be there, into which the server makes backups by itself, for `COFFER_BACKUP_RECIPIENTS`. Several servers on one database make one backup together: give them the same directory.',
  },
  {
    name: 'COFFER_BACKUP_EVERY',
    fallback: '1d',
    meaning:
      'How often, from `10m` to `366d`, in minutes (`m`), hours (`h`) or days (`d`), counted from 1970 in UTC: `1d` is at midnight.',
  },
  {
    name: 'COFFER_BACKUP_KEEP',
    fallback: '14',
    meaning: 'How many of these backups stay; older ones go when a newer one is complete.',
  },
  {
    name: 'COFFER_LOG_LEVEL',
    fallback: 'info',
    meaning:
      '`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`. JSON lines on standard output; readable text on a terminal.',
  },
] as const satisfies readonly Setting[];

/** Of the command line, for which the same shell may have them. */
export const COMMAND_LINE_VARIABLES: readonly string[] = [
  'COFFER_URL',
  'COFFER_TOKEN',
  'COFFER_PROJECT',
  'COFFER_ENVIRONMENT',
];

export type SettingName = (typeof SETTINGS)[number]['name'];
