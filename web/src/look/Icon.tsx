/** All icons: lines of 1.75 on a square of 24, in the colour of the text. */

const PATHS = {
  actual: "M4.5 8 7 6.5V17.5M12 10v.1M12 15v.1M15.5 8 18 6.5V17.5",
  add: "M12 5v14M5 12h14",
  alert: "M12 3.5 21.5 20h-19zM12 10v4.5M12 17.4v.1",
  back: "M19 12H5M11 6l-6 6 6 6",
  brush:
    "M20.5 3.5 11 13M8.5 12.5c2 0 3.5 1.6 3.5 3.5 0 3-2.5 4.5-8.5 4.5 1.5-1.2 1.5-2.5 1.7-4.3.2-2.2 1.3-3.7 3.3-3.7z",
  camera: "M4 8h3.5L9 5.5h6L16.5 8H20v11H4zM12 10.2a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4z",
  busy: "M12 3.5a8.5 8.5 0 0 1 8.5 8.5",
  check: "M5 12.5 10 17.5 19.5 7",
  chevron: "M6 9.5 12 15.5 18 9.5",
  clock: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM12 7.5V12l3 2",
  close: "M6 6l12 12M18 6 6 18",
  compare: "M12 3v18M8.5 8.5 5 12l3.5 3.5M15.5 8.5 19 12l-3.5 3.5",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  download: "M12 4v11M7 10.5l5 5 5-5M5 20h14",
  edit: "M4 20l1-4.5L16.5 4 20 7.5 8.5 19zM14 6.5 17.5 10",
  erase: "M8 19.5 3.5 15 13.5 5 20 11.5l-8 8zM8.5 10l6.5 6.5M8 19.5h12",
  eye: "M2.5 12c2.5-4.3 5.7-6.5 9.5-6.5s7 2.2 9.5 6.5c-2.5 4.3-5.7 6.5-9.5 6.5S5 16.3 2.5 12zM12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6z",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  hand: "M8 12V6a1.5 1.5 0 0 1 3 0v5M11 11V4.5a1.5 1.5 0 0 1 3 0V11M14 11V6a1.5 1.5 0 0 1 3 0v8c0 4-2 6.5-5.5 6.5-3 0-4.5-1.5-6-4.5L4 13.3c-.6-1.2.9-2.3 2-1.3l2 2",
  help: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM9.5 9.5c0-1.5 1-2.5 2.5-2.5s2.5 1 2.5 2.3c0 1.9-2.5 2-2.5 4.2M12 16.8v.1",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 2.5-2.5L20 17M15.5 8.5v.1",
  keyboard: "M3 6.5h18v11H3zM7 10h.1M10.3 10h.1M13.6 10h.1M17 10h.1M8 14h8",
  lasso:
    "M12 4c5 0 8.5 2.3 8.5 5.5S17 15 12 15s-8.5-2.3-8.5-5.5S7 4 12 4zM7 14c-1.5.5-2 1.5-2 2.5s1 2 2.5 1.5 1.5-2.5-.5-4zM6.5 18c0 1.5 1 2.5 2.5 2.5",
  menu: "M5 12h.1M12 12h.1M19 12h.1",
  minus: "M5 12h14",
  point: "M12 8.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM12 3v3M12 18v3M3 12h3M18 12h3",
  redo: "M20 9H9.5a5.5 5.5 0 0 0 0 11H13M16 5l4 4-4 4",
  reset: "M4 12a8 8 0 1 0 2.5-5.8M4 4v5h5",
  restore: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM12 8v8M8 12h8",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 5a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM9 15a2 2 0 1 1 0 4 2 2 0 0 1 0-4z",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  undo: "M4 9h10.5a5.5 5.5 0 0 1 0 11H11M8 5 4 9l4 4",
  upload: "M12 16V4M7 8.5l5-5 5 5M5 20h14",
  zoomIn: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5 21 21M10.5 7.5v6M7.5 10.5h6",
  zoomOut: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5 21 21M7.5 10.5h6",
} as const;

export type IconName = keyof typeof PATHS;

/** An icon. It says nothing to screen readers: what it stands on has a name. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.75"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
