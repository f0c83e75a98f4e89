import type { Kept } from "../keep";
import { en } from "../text/en";

/** Says, in a quiet line, that a reload would lose what is done here. `kept`: null as long as that is not known. */
export function Unkept({ kept }: { readonly kept: Kept | null }) {
  return (
    <div className="unkept" role="status">
      {kept !== null && kept !== "kept" && <p className="hint">{en.keep[kept]}</p>}
    </div>
  );
}
