import { useLayoutEffect, useRef, useState } from "react";
import { filesOf } from "./choosing";

/**
 * Takes files that are dropped anywhere or pasted; null: nothing is done with them, though the browser does not leave
 * the page for them either. Gives whether some are held over the page.
 */
export function useDrop(onFiles: ((files: readonly File[]) => void) | null, enabled: boolean): boolean {
  const [over, setOver] = useState(false);
  const latest = useRef(onFiles);
  useLayoutEffect(() => {
    latest.current = onFiles;
  });

  useLayoutEffect(() => {
    if (!enabled) return;
    const hold = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      // Seen at the pointer: nothing is done with them now.
      if (latest.current === null) event.dataTransfer.dropEffect = "none";
      setOver(latest.current !== null);
    };
    // Between two elements of the page the pointer leaves one as well; only beyond the page it enters none.
    const leave = (event: DragEvent) => event.relatedTarget === null && setOver(false);
    const drop = (event: DragEvent) => {
      setOver(false);
      const files = filesOf(event.dataTransfer);
      if (files.length === 0) return;
      event.preventDefault();
      latest.current?.(files);
    };
    const paste = (event: ClipboardEvent) => {
      const files = filesOf(event.clipboardData);
      if (files.length === 0) return;
      event.preventDefault();
      latest.current?.(files);
    };
    addEventListener("dragover", hold);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    addEventListener("paste", paste);
    return () => {
      setOver(false);
      removeEventListener("dragover", hold);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
      removeEventListener("paste", paste);
    };
  }, [enabled]);
  return over;
}
