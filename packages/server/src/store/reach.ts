/** Whether a database that was reached can be reached still. */
export type Reach = { isLost: true; reason: string } | { isLost: false };
