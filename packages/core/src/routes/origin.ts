export function checkOrigin(text: string): string | undefined {
  return /^https?:\/\/[a-z0-9.:-]+$/.test(text) ? undefined : 'must be an origin';
}
