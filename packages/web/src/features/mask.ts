/** In the place of a value, the same for each: its length tells nothing. */
export const MASK = '••••••••';
