/** Going through a grid by keys. */

/** Where a key leads to from a place in a grid; null: it is no such key. */
export function stepOf(key: string, index: number, count: number, columns: number, rtl: boolean): number | null {
  const across = rtl ? -1 : 1;
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: index + across,
    ArrowLeft: index - across,
    ArrowDown: index + columns,
    ArrowUp: index - columns,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key];
  return to === undefined ? null : to < 0 || to >= count ? index : to;
}
