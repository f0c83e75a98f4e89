import { useEffect, useRef, useState } from "react";
import { Problem } from "../api/http";
import { Button } from "../controls/Button";
import { en } from "../text/en";
import { PhotoInput, taken } from "./PhotoInput";
import { ProblemNotice } from "./ProblemNotice";
import { type Keeping, privacyLine } from "./privacy";
import "./start.css";

interface StartScreenProps {
  readonly problem: Problem | null;
  readonly keeping: Keeping | null;
  readonly onFiles: (files: readonly File[]) => void;
  readonly onProblem: (problem: Problem) => void;
  readonly onSignIn: () => void;
}

const text = en.start;

const SAMPLES = ["pear", "plant", "cup"] as const;
type Sample = (typeof SAMPLES)[number];

/** Where a photo is chosen, upon which the cut-out begins. */
export function StartScreen({ problem, keeping, onFiles, onProblem, onSignIn }: StartScreenProps) {
  const [fetching, setFetching] = useState<AbortController | null>(null);
  // A photo of one's own that has come meanwhile is what is wanted.
  useEffect(() => () => fetching?.abort(), [fetching]);

  const take = async (sample: Sample) => {
    const abort = new AbortController();
    setFetching(abort);
    try {
      const file = await fetched(sample, abort.signal);
      if (!abort.signal.aborted) onFiles([file]);
    } catch {
      if (!abort.signal.aborted) onProblem(new Problem("offline", en.problems.sample, en.problems.offlineHint));
    }
    setFetching((now) => (now === abort ? null : now));
  };

  return (
    <main className="start" id="main" aria-labelledby="start-heading">
      <div className="start-words">
        <h1 id="start-heading" tabIndex={-1}>
          {text.heading}
        </h1>
        <p className="start-lead">
          <span className="for-mouse">{text.lead}</span>
          <span className="for-touch">{text.leadTouch}</span>
        </p>
        <Choosing onFiles={onFiles} onOpen={() => setFetching(null)} />
        {problem && <ProblemNotice problem={problem} onSignIn={onSignIn} />}
      </div>
      <section className="start-samples" aria-labelledby="start-samples">
        <h2 id="start-samples">{text.samples}</h2>
        <ul>
          {SAMPLES.map((sample) => (
            <li key={sample}>
              <button type="button" className="sample" disabled={fetching !== null} onClick={() => void take(sample)}>
                <img src={addressOf(sample)} alt="" width="240" height="240" decoding="async" />
                <span>{text.sampleNames[sample]}</span>
              </button>
            </li>
          ))}
        </ul>
      </section>
      <p className="start-privacy">{privacyLine(location.hostname, keeping)}</p>
    </main>
  );
}

interface ChoosingProps extends Pick<StartScreenProps, "onFiles"> {
  /** Something is about to be chosen. */
  readonly onOpen: () => void;
}

function Choosing({ onFiles, onOpen }: ChoosingProps) {
  const photos = useRef<HTMLInputElement>(null);
  const camera = useRef<HTMLInputElement>(null);
  const open = (input: HTMLInputElement | null) => {
    onOpen();
    input?.click();
  };
  return (
    <div className="start-choose">
      <Button look="primary" icon="image" onClick={() => open(photos.current)}>
        {text.choose}
      </Button>
      <span className="for-touch">
        <Button icon="camera" onClick={() => open(camera.current)}>
          {text.camera}
        </Button>
      </span>
      <span className="start-paste for-mouse">
        {text.paste}{" "}
        <span dir="ltr">
          <kbd>{/Mac/.test(navigator.userAgent) ? "⌘" : "Ctrl"}</kbd> <kbd>V</kbd>
        </span>
      </span>
      <PhotoInput ref={photos} onFiles={onFiles} />
      <input
        ref={camera}
        type="file"
        accept="image/*"
        capture="environment"
        hidden
        aria-label={text.camera}
        onChange={({ currentTarget }) => onFiles(taken(currentTarget))}
      />
    </div>
  );
}

const addressOf = (sample: Sample): string => `/samples/${sample}.jpg`;

async function fetched(sample: Sample, signal: AbortSignal): Promise<File> {
  const answer = await fetch(addressOf(sample), { signal });
  if (!answer.ok) throw new Error(String(answer.status));
  return new File([await answer.blob()], `${sample}.jpg`, { type: "image/jpeg" });
}
