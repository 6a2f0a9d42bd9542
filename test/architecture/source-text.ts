/** One import or re-export of a module. `isType`: erased by the compiler (`import type`, `export type`, `import('x').T`). */
export interface ModuleImport {
  readonly specifier: string;
  readonly isType: boolean;
}

/** After these a slash begins a regular expression, not a division. */
const beforeRegex = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|void|await|yield))$/;

/** Where the quoted text, comment or regular expression that begins at `at` ends (index after it). */
function endOf(text: string, at: number, pattern: RegExp): number {
  const sticky = new RegExp(pattern.source, 'y');
  sticky.lastIndex = at;
  return sticky.exec(text) === null ? at + 1 : sticky.lastIndex;
}

const literals = {
  lineComment: /\/\/[^\n]*/,
  blockComment: /\/\*[\s\S]*?\*\//,
  single: /'(?:[^'\\\n]|\\[\s\S])*'/,
  double: /"(?:[^"\\\n]|\\[\s\S])*"/,
  regex: /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/,
};

function spaces(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ');
}

/** Keeps the first and last character and blanks what is between them. */
function hollow(text: string): string {
  return text.length < 2 ? text : text.charAt(0) + spaces(text.slice(1, -1)) + text.slice(-1);
}

/**
 * The source with comments, regular expressions and the contents of strings replaced by spaces: what is left is code, at
 * the same offsets. Code inside `${}` of a template stays.
 */
export function blankSource(text: string): string {
  let out = '';
  let at = 0;
  /** Depth of braces at which each open `${` began. */
  const templates: number[] = [];
  let depth = 0;
  const take = (pattern: RegExp, blank: (part: string) => string): void => {
    const end = endOf(text, at, pattern);
    out += blank(text.slice(at, end));
    at = end;
  };
  const takeTemplate = (): void => {
    const end = endOf(text, at, /[`}](?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/);
    const part = text.slice(at, end);
    out += part.endsWith('${') ? `${part.charAt(0)}${spaces(part.slice(1, -2))}\${` : hollow(part);
    if (part.endsWith('${')) templates.push(depth);
    at = end;
  };
  while (at < text.length) {
    const char = text.charAt(at);
    const two = text.slice(at, at + 2);
    if (two === '//') take(literals.lineComment, spaces);
    else if (two === '/*') take(literals.blockComment, spaces);
    else if (char === "'") take(literals.single, hollow);
    else if (char === '"') take(literals.double, hollow);
    else if (char === '`') takeTemplate();
    else if (char === '}' && templates.at(-1) === depth) {
      templates.pop();
      takeTemplate();
    } else if (char === '/' && beforeRegex.test(out.slice(-40).trimEnd())) take(literals.regex, spaces);
    else {
      if (char === '{') depth++;
      if (char === '}') depth--;
      out += char;
      at++;
    }
  }
  return out;
}

const fromStatement = /^[ \t]*(?:import|export)\b(?<clause>[^;'"]*?)\bfrom\s*(?<quote>['"]) *\k<quote>/gm;
const bareStatement = /^[ \t]*import\s*(?<quote>['"]) *\k<quote>/gm;
const callExpression = /(?<before>\btypeof\s+)?\bimport\(\s*(?<quote>['"]) *\k<quote>\s*,?\s*\)(?<after>\.[A-Z])?/g;

/** The quoted text that ends a match, read from the source at the offsets found in its blanked copy. */
function quotedIn(text: string, match: RegExpMatchArray): string {
  const start = match.index ?? 0;
  const part = text.slice(start, start + match[0].length);
  return /(?<quote>['"])(?<inner>[^'"]*)\k<quote>[^'"]*$/.exec(part)?.groups?.['inner'] ?? '';
}

/** All modules that a source file names: static and dynamic imports and re-exports, in no particular order. */
export function importsOf(text: string): ModuleImport[] {
  const code = blankSource(text);
  return [
    ...[...code.matchAll(fromStatement)].map((match) => ({
      specifier: quotedIn(text, match),
      isType: /^\s+type\s+\S/.test(match.groups?.['clause'] ?? ''),
    })),
    ...[...code.matchAll(bareStatement)].map((match) => ({ specifier: quotedIn(text, match), isType: false })),
    ...[...code.matchAll(callExpression)].map((match) => ({
      specifier: quotedIn(text, match),
      isType: match.groups?.['before'] !== undefined || match.groups?.['after'] !== undefined,
    })),
  ];
}
