export declare function nodeProblem(version: string): string | undefined;
export declare function installReason(root: string): string | undefined;
export declare function nodedirFor(execPath: string): string | undefined;
export declare function installEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  execPath: string,
): Record<string, string | undefined>;
