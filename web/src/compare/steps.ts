/** Where a key moves a share of 0..1; null: it does not. Left and right are those of the screen in every language. */
export function after(value: number, key: string, far: boolean): number | null {
  const step = far ? 0.1 : 0.02;
  const moves: Readonly<Record<string, number>> = {
    ArrowLeft: value - step,
    ArrowDown: value - step,
    ArrowRight: value + step,
    ArrowUp: value + step,
    PageDown: value - 0.1,
    PageUp: value + 0.1,
    Home: 0,
    End: 1,
  };
  const moved = moves[key];
  return moved === undefined ? null : Math.min(1, Math.max(0, moved));
}
