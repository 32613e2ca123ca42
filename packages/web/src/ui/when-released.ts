let isPressed = false;

for (const type of ['pointerup', 'pointercancel', 'dragend'] as const)
  window.addEventListener(type, () => (isPressed = false), { capture: true });
window.addEventListener('pointerdown', () => (isPressed = true), { capture: true });

/**
 * Runs what may move the page once the pointer is not pressed: a press that takes the focus out of a field is the
 * beginning of a click, which would miss what moves away under it.
 */
export function whenReleased(run: () => void): void {
  if (!isPressed) return run();
  // After the click that comes with it.
  window.addEventListener('pointerup', () => setTimeout(run), { once: true });
}
