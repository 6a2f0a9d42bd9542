import { useState } from 'preact/hooks';

interface SignInProps {
  /** The last token was not the server's. */
  readonly wasRefused: boolean;
  readonly signIn: (token: string) => void;
}

/** Asks for the operator's token, which the server keeps in its data folder. */
export function SignIn({ wasRefused, signIn }: SignInProps) {
  const [token, setToken] = useState('');
  const submit = (event: Event) => {
    event.preventDefault();
    if (token.trim() !== '') signIn(token.trim());
  };
  return (
    <main class="sign-in">
      <form onSubmit={submit}>
        <h1>
          <img src="./icon.svg" alt="" width="24" height="24" /> Bellwether
        </h1>
        <p>
          The operator token is in the server's data folder, in the file <code>operator.token</code>.
        </p>
        <label>
          Operator token
          <input
            type="password"
            autocomplete="off"
            autofocus
            required
            value={token}
            aria-invalid={wasRefused}
            aria-describedby="sign-in-problem"
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        <p id="sign-in-problem" class="problem" role="alert">
          {wasRefused && 'The server does not know this token.'}
        </p>
        <button type="submit">Open the console</button>
      </form>
    </main>
  );
}
