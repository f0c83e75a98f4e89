import type { Ref } from "react";
import { en } from "../text/en";

interface PhotoInputProps {
  readonly onFiles: (files: readonly File[]) => void;
  /** What opens it: it is not to be seen itself. */
  readonly ref: Ref<HTMLInputElement>;
}

/** Where photos are chosen from those of the device. */
export function PhotoInput({ onFiles, ref }: PhotoInputProps) {
  return (
    <input
      ref={ref}
      type="file"
      // HEIC and HEIF by their names: some browsers know no type for them.
      accept="image/*,.heic,.heif,.avif,.tif,.tiff"
      multiple
      hidden
      aria-label={en.start.choose}
      onChange={({ currentTarget }) => onFiles(taken(currentTarget))}
    />
  );
}

/** What was chosen. The same photo chosen again is a choice, too. */
export function taken(input: HTMLInputElement): readonly File[] {
  const files = [...(input.files ?? [])];
  input.value = "";
  return files;
}
