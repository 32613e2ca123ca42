/** The store engines that tests of the server run on; their titles name the engine. */
export const ENGINES = ['sqlite'] as const;
