/** Put in by the build, from the manifest. */
declare const COFFER_VERSION: string;

export const VERSION: string = typeof COFFER_VERSION === 'undefined' ? '0.0.0-source' : COFFER_VERSION;
