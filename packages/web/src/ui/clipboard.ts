/**
 * Whether the browser lets the page write to the clipboard: it does not where the page came over plain http from another
 * machine.
 */
export function isClipboardThere(): boolean {
  return 'clipboard' in navigator;
}

/** Answers whether the text is in the clipboard now; the browser may refuse. */
export async function writeClipboard(text: string): Promise<boolean> {
  if (!isClipboardThere()) return false;
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
