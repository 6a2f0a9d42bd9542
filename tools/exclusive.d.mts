export declare function exclusively<T>(
  path: string,
  work: () => T | Promise<T>,
  say?: (text: string) => void,
): Promise<T>;
