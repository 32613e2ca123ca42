let owner: string | undefined;

/** Whom this page belongs to: who signed in here, or was signed in when it was opened. Undefined before. */
export function pageOwner(): string | undefined {
  return owner;
}

/** From a sign-in on the page belongs to who signed in. */
export function setPageOwner(uid: string): void {
  owner = uid;
}

/** Loads the page anew, which drops all that it holds; what is in sight goes at once. */
export function dropPage(): void {
  document.body.replaceChildren();
  window.location.reload();
}

/** Nothing of one user may be seen or done by another: their page is dropped before anything of the other is shown. */
export async function claimPage(uid: string): Promise<void> {
  owner ??= uid;
  if (owner === uid) return;
  dropPage();
  await new Promise<never>(() => undefined);
}
