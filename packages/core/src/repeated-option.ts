/**
 * The first option that is given twice and may not be: of two values one would be dropped without a word. `tokens` are those
 * of `parseArgs`.
 */
export function findRepeatedOption(
  tokens: readonly { kind: string; name?: string }[],
  options: Readonly<Record<string, { multiple?: true }>>,
): string | undefined {
  const seen = new Set<string>();
  for (const { kind, name } of tokens) {
    if (kind !== 'option' || name === undefined || options[name]?.multiple === true) continue;
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}
