import { useState } from 'preact/hooks';

interface CopyLineProps {
  /** What it is, for whoever does not see it: `command`. */
  readonly name: string;
  readonly text: string;
}

/** A line to take elsewhere: a command, or a secret that is shown once. */
export function CopyLine({ name, text }: CopyLineProps) {
  const [isCopied, setIsCopied] = useState(false);
  // There only over TLS and on this machine; elsewhere the line is selected by a click.
  const { clipboard } = navigator as Partial<Navigator>;
  const copy = () => {
    void clipboard?.writeText(text).then(
      () => setIsCopied(true),
      () => setIsCopied(false),
    );
  };
  return (
    <div class="copy-line">
      <code>{text}</code>
      {clipboard !== undefined && (
        <button type="button" class="button" aria-label={`Copy the ${name}`} onClick={copy}>
          {isCopied ? 'Copied' : 'Copy'}
        </button>
      )}
    </div>
  );
}
