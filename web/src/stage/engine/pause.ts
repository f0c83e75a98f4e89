/** Long work in short pieces, between which messages are heard and frames are drawn. */

// Half of a frame: the other half is for drawing it.
const PIECE_MS = 8;

/** To be awaited often: it lets others have their turn when a piece has taken its time. */
export function pauses(): () => Promise<void> | undefined {
  let begun = performance.now();
  return () => {
    if (performance.now() - begun < PIECE_MS) return undefined;
    return turn().then(() => {
      begun = performance.now();
    });
  };
}

/**
 * Does piece after piece until there is none, and lets others have their turn. One goes on at a time, however often it
 * is begun; where a piece fails it rejects, and can be begun again.
 */
export function inPieces(piece: () => boolean, done: () => void): () => Promise<void> {
  let busy = false;
  return async () => {
    if (busy) return;
    busy = true;
    try {
      const pause = pauses();
      while (piece()) await pause();
    } finally {
      busy = false;
    }
    done();
  };
}

/** The next task. Timers would wait for 4 ms each. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
