import { useState } from 'preact/hooks';

/** A form that takes another's place gets the focus too, which `autofocus` gives only while a page loads. */
function focus(input: HTMLInputElement | null): void {
  input?.focus();
}

/** The two ways in: each answers what is wrong in words, or nothing. */
export interface WaysIn {
  readonly byPassword: (name: string, password: string) => Promise<string | undefined>;
  readonly byToken: (token: string) => void;
}

interface SignInProps extends WaysIn {
  /** The last token was not the server's, or the session is over. */
  readonly wasRefused: boolean;
}

/** Asks who it is: by name and password, or by a token, such as the first one in the server's data folder. */
export function SignIn({ wasRefused, byPassword, byToken }: SignInProps) {
  const [way, setWay] = useState<'password' | 'token'>(wasRefused ? 'token' : 'password');
  return (
    <main class="sign-in">
      <div class="sign-in-card">
        <h1>
          <img src="./icon.svg" alt="" width="24" height="24" /> Bellwether
        </h1>
        {way === 'password' ? (
          <PasswordForm byPassword={byPassword} />
        ) : (
          <TokenForm wasRefused={wasRefused} byToken={byToken} />
        )}
        <button type="button" class="quiet" onClick={() => setWay(way === 'password' ? 'token' : 'password')}>
          {way === 'password' ? 'Use a token instead' : 'Use name and password instead'}
        </button>
      </div>
    </main>
  );
}

function PasswordForm({ byPassword }: Pick<WaysIn, 'byPassword'>) {
  const [problem, setProblem] = useState<string | undefined>();
  const [isAsking, setIsAsking] = useState(false);
  const submit = async (form: HTMLFormElement) => {
    if (isAsking) return;
    setIsAsking(true);
    setProblem(await byPassword(textOf(form, 'username').trim(), textOf(form, 'password')));
    setIsAsking(false);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      <label>
        Name
        <input name="username" autocomplete="username" autocapitalize="none" spellcheck={false} ref={focus} required />
      </label>
      <label>
        Password
        <input
          type="password"
          name="password"
          autocomplete="current-password"
          required
          aria-invalid={problem !== undefined}
          aria-describedby="sign-in-problem"
        />
      </label>
      <p id="sign-in-problem" class="problem" role="alert">
        {problem}
      </p>
      <button type="submit" disabled={isAsking}>
        Sign in
      </button>
    </form>
  );
}

function TokenForm({ wasRefused, byToken }: Pick<SignInProps, 'wasRefused' | 'byToken'>) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const token = textOf(event.currentTarget, 'token').trim();
        if (token !== '') byToken(token);
      }}
    >
      <p>
        The first one is in the server's data folder, in the file <code>operator.token</code>.
      </p>
      <label>
        Operator token
        <input
          type="password"
          name="token"
          autocomplete="off"
          ref={focus}
          required
          aria-invalid={wasRefused}
          aria-describedby="sign-in-problem"
        />
      </label>
      <p id="sign-in-problem" class="problem" role="alert">
        {wasRefused && 'The server does not know this token.'}
      </p>
      <button type="submit">Open the console</button>
    </form>
  );
}

/** What a field holds now: a page that is drawn once a frame may be behind whoever types, or a password manager. */
function textOf(form: HTMLFormElement, field: string): string {
  const value = new FormData(form).get(field);
  return typeof value === 'string' ? value : '';
}
