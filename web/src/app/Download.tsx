import type { DragEvent, Ref } from "react";
import { useObjectUrl } from "../controls/useObjectUrl";
import { Icon } from "../look/Icon";
import { en } from "../text/en";
import type { Result } from "./state";

const text = en.result;

interface DownloadProps {
  /** null: it is not what is wanted now. */
  readonly result: Result | null;
  readonly busy: boolean;
  /** It could not be made, which has been read; null: that is not so. */
  readonly onRetry: (() => void) | null;
  readonly ref: Ref<HTMLAnchorElement>;
}

/** The link to the finished picture. It can be dragged to a folder as well. */
export function Download({ result, busy, onRetry, ref }: DownloadProps) {
  const url = useObjectUrl(result?.blob ?? null);
  if (!result && !busy && onRetry) {
    return (
      <button type="button" className="button button-primary download" onClick={onRetry}>
        {en.problems.retry}
      </button>
    );
  }
  if (!result || !url) {
    return (
      // biome-ignore lint/a11y/useFocusableInteractive: there is nothing to be pressed yet.
      // biome-ignore lint/a11y/useSemanticElements: a link that leads nowhere is what this becomes.
      <span role="link" aria-disabled="true" className="button button-primary download">
        {busy ? text.preparing : text.notReady}
      </span>
    );
  }
  const carry = (event: DragEvent) => {
    event.dataTransfer.setData("DownloadURL", `${result.blob.type}:${result.name}:${url}`);
    event.dataTransfer.effectAllowed = "copy";
  };
  return (
    <a
      ref={ref}
      href={url}
      download={result.name}
      draggable
      onDragStart={carry}
      title={text.dragOut}
      className="button button-primary download"
    >
      <Icon name="download" />
      {text.download}
    </a>
  );
}

/** Puts a picture on the clipboard, as PNG, which is what clipboards take. Rejects where the browser refuses. */
export async function copyPicture(picture: Blob): Promise<void> {
  // As a promise: the browser asks that writing begins while the key or button is pressed.
  await navigator.clipboard.write([new ClipboardItem({ "image/png": asPng(picture) })]);
}

async function asPng(picture: Blob): Promise<Blob> {
  if (picture.type === "image/png") return picture;
  const bitmap = await createImageBitmap(picture);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob({ type: "image/png" });
}
