/** What was filled in, as it is: blanks belong to a password. */
export function rawOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}

/** What was filled in, without the blanks around it. */
export function textOf(form: FormData, name: string): string {
  return rawOf(form, name).trim();
}

/** A number that was filled in. What is none is NaN, which the server refuses. */
export function numberOf(form: FormData, name: string): number {
  const text = textOf(form, name);
  return text === '' ? Number.NaN : Number(text);
}

/** Reads `hardware=rpi4,site=a`. What is no label becomes one that the server refuses: nothing is left out in silence. */
export function labelsOf(text: string): Readonly<Record<string, string>> {
  if (text.trim() === '') return {};
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [pair.trim(), ''] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
}
