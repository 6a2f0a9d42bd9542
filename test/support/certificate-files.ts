import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A self-signed certificate for localhost and 127.0.0.1, made by openssl. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes one in a folder; `name` is that of its files and its subject. */
export async function makeCertificate(folder: string, name: string): Promise<Certificate> {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const made = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  await promisify(execFile)('openssl', ['req', ...made, ...subject, '-keyout', key, '-out', cert]);
  return { cert, key };
}
