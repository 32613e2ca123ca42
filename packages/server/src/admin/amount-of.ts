/** `1 record`, `2 records`; `plural` where that is another word. */
export function amountOf(amount: number, what: string, plural = `${what}s`): string {
  return `${amount} ${amount === 1 ? what : plural}`;
}
