/** What outlives a reload or a crash. Where the browser keeps nothing, `save…` says so and all else goes on without. */

export { forgetBatch, loadBatch, saveBatch } from "./batch";
export type { Kept } from "./slot";
export { forgetEverything } from "./slots";
export { cameBack } from "./tab";
export { forgetWork, loadWork, saveWork } from "./work";
