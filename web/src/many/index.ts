/** Many photos at once. */

export type { ManyItem, ManyProps } from "./contract";
export { ManyScreen } from "./ManyScreen";
export { keepDrawn, openQueue, retryNow } from "./queue";
