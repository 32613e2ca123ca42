import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { expectAccessible, openDialog, settled, shown } from './browser.ts';

export const NARROW = { width: 360, height: 640 };
/** A window of 1280 × 800 px at 200 %. */
export const ZOOMED = { width: 640, height: 400 };

/** Where one looks: a page, and the dialogs on it, each by the buttons that lead there. */
export type Place = {
  path: string;
  title: string | RegExp;
  dialogs?: readonly (readonly (string | RegExp)[])[];
};

/** Many states of a page are looked at one after the other. */
export const LOOK_AROUND = { timeout: 120_000 };

/** Fails unless the page and each dialog on it can be used by everyone, as `expectWellMade` has it. */
export async function expectPlaceWellMade(page: Page, { path, title, dialogs = [] }: Place): Promise<void> {
  await page.goto(path);
  await shown(page.getByRole('heading', { name: title, level: 1, exact: true }));
  await settled(page);
  await expectWellMade(page);
  for (const buttons of dialogs) {
    for (const name of buttons) await page.getByRole('button', { name, exact: true }).first().click();
    await shown(openDialog(page));
    await settled(page);
    await expectWellMade(page);
    await closeDialogs(page);
  }
}

/**
 * Fails unless axe finds nothing, in a wide window and in a narrow one, and nothing is wider than a narrow or a zoomed window:
 * neither the page nor a table nor a dialog.
 */
export async function expectWellMade(page: Page): Promise<void> {
  const wide = page.viewportSize() ?? ZOOMED;
  await expectAccessible(page);
  for (const { width } of [ZOOMED, NARROW]) {
    await page.setViewportSize({ ...wide, width });
    expect(await tooWide(page), `${page.url()} at ${width} px`).toEqual([]);
  }
  await expectAccessible(page, 'dark');
  await page.setViewportSize(wide);
}

/** What scrolls sideways, and the dialogs that leave the window. */
async function tooWide(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const dialogs = [...document.querySelectorAll('[data-dialog]')];
    const tables = document.querySelectorAll('section:has(> table)');
    const scrolling = [document.documentElement, ...tables, ...dialogs].filter(
      ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth,
    );
    const leaving = dialogs.filter((dialog) => {
      const { left, right } = dialog.getBoundingClientRect();
      return left < 0 || right > window.innerWidth;
    });
    return [...scrolling, ...leaving].map(({ ariaLabel, tagName, textContent }) =>
      tagName === 'HTML' ? 'the page' : (ariaLabel ?? textContent.slice(0, 80)),
    );
  });
}

async function closeDialogs(page: Page): Promise<void> {
  const dialogs = page.locator('[data-dialog]');
  for (let open = await dialogs.count(); open > 0; open--) {
    await page.keyboard.press('Escape');
    await expect.poll(async () => await dialogs.count()).toBe(open - 1);
  }
}
