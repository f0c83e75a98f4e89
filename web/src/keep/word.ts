/** A word that no other page makes; `crypto.randomUUID` is only there where the page came by https or from this machine. */
export const word = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (each) => each.toString(36)).join("");
