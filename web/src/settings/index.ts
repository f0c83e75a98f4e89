/** All features, in the order in which they are shown. */

import type { Settings } from "../app/contract";
import * as background from "./background";
import * as edges from "./edges";
import type { Feature } from "./feature";
import * as file from "./file";
import * as model from "./model";
import * as quality from "./quality";

export type AnyFeature = { [K in keyof Settings]: Feature<K> }[keyof Settings];

export const FEATURES: readonly AnyFeature[] = [background, quality, edges, model, file];
