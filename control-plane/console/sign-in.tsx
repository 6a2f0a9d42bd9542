import { useState } from 'preact/hooks';

/** Asks for the operator's token, which the server keeps in its data folder. */
export function SignIn({ signIn }: { readonly signIn: (token: string) => void }) {
  const [token, setToken] = useState('');
  const submit = (event: Event) => {
    event.preventDefault();
    if (token.trim() !== '') signIn(token.trim());
  };
  return (
    <form class="sign-in" onSubmit={submit}>
      <h1>Bellwether</h1>
      <p>
        The operator token is in the server's data folder, in the file <code>operator.token</code>.
      </p>
      <label>
        Operator token
        <input type="password" autocomplete="off" value={token} onInput={(e) => setToken(e.currentTarget.value)} />
      </label>
      <button type="submit">Open the console</button>
    </form>
  );
}
