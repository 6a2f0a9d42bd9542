import type { ComponentChildren } from 'preact';
import { CopyLine } from './copy-line.js';

interface SecretOnceProps {
  /** What it is: `join token`. */
  readonly name: string;
  readonly secret: string;
  readonly children?: ComponentChildren;
}

/** A secret that the server shows this once; it keeps a digest only. */
export function SecretOnce({ name, secret, children }: SecretOnceProps) {
  return (
    <>
      <p>{children}</p>
      <CopyLine name={name} text={secret} />
      <p class="detail">It is shown this once: nobody can look it up again.</p>
    </>
  );
}
