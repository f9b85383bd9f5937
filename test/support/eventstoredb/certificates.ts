import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Certificates = { readonly certificate: Buffer; readonly key: Buffer; readonly path: string }

/** A self-signed certificate for 127.0.0.1 that is good for a day, made by openssl in `directory`. */
export const makeCertificate = (directory: string, name: string): Certificates => {
  const [path, keyPath] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)]
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  execFileSync(
    'openssl',
    ['req', '-x509', ...curve, '-nodes', '-days', '1', ...subject, '-keyout', keyPath, '-out', path],
    {
      stdio: 'ignore',
    },
  )
  return { certificate: readFileSync(path), key: readFileSync(keyPath), path }
}
