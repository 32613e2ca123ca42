/** What the tabs of one browser tell each other, because they share one session: who signed in, or that one signed out. */
export type TabMessage = { kind: 'signed-in'; uid: string } | { kind: 'signed-out' };

const channel = new BroadcastChannel('coffer');

export function tellTabs(message: TabMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel reaches its own origin alone
  channel.postMessage(message);
}

/** Not for what this tab tells itself. */
export function whenTold(handle: (message: TabMessage) => void): void {
  channel.addEventListener('message', ({ data }: MessageEvent<TabMessage>) => handle(data));
}
