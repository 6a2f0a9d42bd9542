// What the demo says on the terminal.

const isColourful = process.stdout.isTTY && process.env.NO_COLOR === undefined;
const paint = (code, text) => (isColourful ? `\u001b[${code}m${text}\u001b[0m` : text);

export const bold = (text) => paint('1', text);
export const dim = (text) => paint('2', text);
export const green = (text) => paint('32', text);
export const red = (text) => paint('31', text);
export const cyan = (text) => paint('36', text);

const startMs = performance.now();
const clock = () => dim(`${((performance.now() - startMs) / 1000).toFixed(1).padStart(6)} s`);

/** A headline of the story. */
export function act(title) {
  console.log(`\n${clock()}  ${bold(cyan(title))}`);
}

/** Something happened. */
export function tell(text) {
  console.log(`${clock()}  ${text}`);
}

/** Something was promised, and kept or not. Answers whether it was. */
export function check(isKept, text) {
  console.log(`${clock()}  ${isKept ? green('✔') : red('✘')} ${text}`);
  return isKept;
}

/** A table of two columns. */
export function table(rows) {
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) console.log(`          ${dim(name.padEnd(width))}  ${value}`);
}

/** `4.2 s` */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}
