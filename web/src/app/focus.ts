/** Moves the focus to the heading of the screen: where what had it is gone, or a screen has come. */
export function focusHeading(): void {
  document.querySelector<HTMLElement>("h1")?.focus();
}
