/** A request to an outside API, before it is sent. */
export type OutgoingRequest = {
  url: URL;
  method: string;
  /** In order; names as they were declared. */
  headers: readonly (readonly [name: string, value: string])[];
  body: Buffer | undefined;
};
