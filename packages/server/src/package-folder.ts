/** The URL of this package, from the sources (`src`) and from the program that is built of them (`dist`) alike. */
export const PACKAGE_FOLDER = new URL('..', import.meta.url);
