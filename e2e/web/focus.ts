import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** What has the focus, by its name for screen readers, else by what it is. */
export async function focused(page: Page): Promise<string> {
  return await page.evaluate(() => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement) || element === document.body) return 'nothing';
    const label = (element as HTMLInputElement).labels?.[0]?.innerText;
    return element.ariaLabel ?? label ?? (element.innerText || element.tagName);
  });
}

/** Whether one sees where the focus is: an outline that is there and not transparent. */
export async function isFocusVisible(page: Page): Promise<boolean> {
  return await page.evaluate(() => {
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(
      document.activeElement ?? document.body,
    );
    return (
      outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 1.5 && outlineColor !== 'rgba(0, 0, 0, 0)'
    );
  });
}

/** Presses Tab until the focus is on it, once it is there. */
export async function tabTo(page: Page, name: string): Promise<void> {
  await expect.poll(async () => await isThere(page, name)).toBe(true);
  for (let steps = 0; steps < 60; steps++) {
    if ((await focused(page)) === name) {
      expect(await isFocusVisible(page), `the focus on ${name} is seen`).toBe(true);
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${name}`);
}

/** Whether something on the page that can have the focus has that name. */
async function isThere(page: Page, name: string): Promise<boolean> {
  return await page.evaluate((wanted) => {
    const focusable = 'a[href], button, input, select, textarea, [tabindex]';
    return [...document.querySelectorAll<HTMLElement>(focusable)].some((element) => {
      const label = (element as HTMLInputElement).labels?.[0]?.innerText;
      return (element.ariaLabel ?? label ?? (element.innerText || element.tagName)) === wanted;
    });
  }, name);
}

/** Fails unless the focus comes to it, and stays. */
export async function expectFocus(page: Page, name: string): Promise<void> {
  await expect.poll(async () => await focused(page)).toBe(name);
  await page.waitForLoadState('networkidle');
  expect(await focused(page)).toBe(name);
}
