import { codeOf } from '@bellwether/shared/errors';

/** The code with which something is refused; `passed` when it is not. */
export async function refusalCode(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
    return 'passed';
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    return code;
  }
}
