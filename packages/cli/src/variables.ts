export type Variables = Readonly<Record<string, string | undefined>>;

/** Set to nothing counts as not set. */
export function readVariable(env: Variables, name: string): string | undefined {
  const text = env[name];
  return text === '' ? undefined : text;
}
