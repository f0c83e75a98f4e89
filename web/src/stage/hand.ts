/** What a tool draws as it is moved: to the engine as it goes, and as edits when it is lifted. */

import type { Edit, Point } from "../edits";
import type { Tool } from "./contract";
import type { Ledger } from "./ledger";
import type { ToEngine } from "./messages";
import { type Change, LassoTrace, rounded, type Sample, stepFor, Trace } from "./trace";

export interface HandOptions {
  readonly ledger: Ledger;
  send(message: ToEngine): void;
  /** The tool is lifted. */
  drawn(edit: Edit): void;
  /** CSS pixels for each of the photo. */
  scale(): number;
}

type Doing =
  | { readonly kind: "brush"; readonly trace: Trace; id: number }
  | { readonly kind: "lasso"; readonly trace: LassoTrace }
  | { readonly kind: "grow"; readonly tool: Extract<Tool, { kind: "grow" }>; readonly start: Point; point: Point };

// A click may tremble, by so many CSS pixels.
const TREMBLE = 8;

export class Hand {
  private doing: Doing | null = null;

  constructor(private readonly options: HandOptions) {}

  get isDown(): boolean {
    return this.doing !== null;
  }

  begin(tool: Tool, sample: Sample): void {
    this.cancel();
    const scale = this.options.scale();
    if (tool.kind === "brush") {
      // The group is the moment: no other touch has the same, nor has one of another day that is kept with it.
      this.doing = { kind: "brush", trace: new Trace(tool, Date.now(), stepFor(scale, tool.radius)), id: 0 };
    }
    if (tool.kind === "lasso") this.doing = { kind: "lasso", trace: new LassoTrace(tool, stepFor(scale)) };
    if (tool.kind === "grow") this.doing = { kind: "grow", tool, start: sample.point, point: sample.point };
    this.move([sample]);
  }

  move(samples: readonly Sample[]): void {
    const { doing } = this;
    if (doing?.kind === "brush") this.change(doing.trace.add(samples), doing);
    if (doing?.kind === "lasso") {
      const { trace } = doing;
      const keep = trace.add(samples.map(({ point }) => point));
      if (keep < trace.points.length) this.options.send({ type: "line", keep, points: trace.points.slice(keep) });
    }
    if (doing?.kind === "grow") doing.point = samples.at(-1)?.point ?? doing.point;
  }

  end(): void {
    const { doing, options } = this;
    this.doing = null;
    if (doing?.kind === "brush") {
      const { changes, edits } = doing.trace.finish();
      this.change(changes, doing);
      for (const edit of edits) options.drawn(edit);
    }
    if (doing?.kind === "lasso") {
      options.send({ type: "line", keep: 0, points: [] });
      const edit = doing.trace.finish();
      if (edit) options.drawn(edit);
    }
    if (doing?.kind === "grow") {
      const { tool, start, point } = doing;
      if (Math.hypot(point[0] - start[0], point[1] - start[1]) * options.scale() > TREMBLE) return;
      options.drawn({ kind: "grow", action: tool.action, point: rounded(start), reach: tool.reach });
    }
  }

  /** The page may be gone in a moment: a stroke counts as far as it has come; a lasso that is not closed does not. */
  keep(): void {
    if (this.doing?.kind === "brush") this.end();
  }

  cancel(): void {
    const { doing, options } = this;
    this.doing = null;
    if (doing?.kind === "lasso") options.send({ type: "line", keep: 0, points: [] });
    if (doing?.kind !== "brush") return;
    options.send({ type: "cancel" });
    this.tell(options.ledger.drop());
  }

  private change(changes: readonly Change[], doing: { id: number }): void {
    const { ledger, send } = this.options;
    for (const change of changes) {
      if (change.kind === "begin") {
        doing.id = ledger.next();
        send({ type: "begin", id: doing.id, brush: change.brush });
      } else if (change.kind === "draw") send({ type: "draw", points: change.points });
      else {
        send({ type: "end" });
        this.tell(ledger.drew(change.edit, doing.id));
      }
    }
  }

  private tell(difference: ReturnType<Ledger["drop"]>): void {
    if (difference) this.options.send({ type: "edits", ...difference });
  }
}
