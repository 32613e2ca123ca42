/** What was typed into. It knows the fields alone, not what they hold. */
const typedInto = new WeakSet<Element>();

document.addEventListener(
  'input',
  ({ target }) => {
    if (target instanceof Element && target.closest('form, [data-dialog]') !== null) typedInto.add(target);
  },
  { capture: true },
);

/** Whether something stands on the page that someone typed. */
export function hasUnsavedInput(): boolean {
  return [...document.querySelectorAll('input, textarea, select')].some((field) => typedInto.has(field));
}
