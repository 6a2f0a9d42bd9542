import { OperatorError } from './operator-error.js';

const minLength = 12;

/** Length is what counts (NIST SP 800-63B-4 §3.1.1): throws OperatorError `password-weak` for a short one, or one made of the name. */
export function checkPassword(name: string, password: string): void {
  const length = Array.from(password.normalize('NFC')).length;
  if (length < minLength) {
    throw new OperatorError('password-weak', `a password has at least ${minLength} characters, this one ${length}`);
  }
  const rest = password.toLowerCase().replaceAll(name, '');
  if (new Set(rest).size < 5) {
    throw new OperatorError('password-weak', 'this password is a name or a few characters over and over');
  }
}
