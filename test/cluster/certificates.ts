import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, runCommand } from './command.ts';

/** A certificate to be issued: its X.509 subject, and the names it serves or none for a client. */
interface Certificate {
  readonly name: string;
  readonly subject: string;
  readonly serves?: string;
}

/**
 * Who talks to the API server under which name. The organisation is the Kubernetes group; each component has its own
 * user, so that the audit log tells them apart.
 */
const certificates: readonly Certificate[] = [
  {
    name: 'apiserver',
    subject: '/CN=kube-apiserver',
    serves: 'DNS:localhost,DNS:kubernetes.default,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.96.0.1',
  },
  { name: 'admin', subject: '/O=system:masters/CN=kubernetes-admin' },
  { name: 'controller-manager', subject: '/CN=system:kube-controller-manager' },
  { name: 'scheduler', subject: '/CN=system:kube-scheduler' },
  { name: 'kwok', subject: '/O=system:masters/CN=system:kwok' },
  { name: 'node-agent', subject: '/O=system:masters/CN=istio-cni-node' },
];

/** The users who have a client certificate. */
export type ClientName = 'admin' | 'controller-manager' | 'scheduler' | 'kwok' | 'node-agent';

const keyKind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const validity = ['-days', '365'];

/**
 * Writes `ca`, the certificates above (`NAME.crt`, `NAME.key`) and the key pair of the service accounts into
 * `directory`.
 */
export async function issueCertificates(directory: string, signal: AbortSignal): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const openssl = async (...args: string[]): Promise<void> => {
    await runOpenssl(args, directory, signal);
  };
  await openssl(
    'req',
    '-x509',
    ...keyKind,
    ...validity,
    '-subj',
    '/CN=mesh-migration-test-ca',
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
  );
  await openssl('genrsa', '-out', 'service-account.key', '2048');
  await openssl('rsa', '-in', 'service-account.key', '-pubout', '-out', 'service-account.pub');
  for (const { name, subject, serves } of certificates) {
    const usage =
      serves === undefined ? 'extendedKeyUsage=clientAuth' : `extendedKeyUsage=serverAuth\nsubjectAltName=${serves}`;
    writeFileSync(join(directory, `${name}.ext`), `keyUsage=digitalSignature\n${usage}\n`);
    await openssl('req', ...keyKind, '-subj', subject, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    await openssl(
      'x509',
      '-req',
      ...validity,
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.crt`,
    );
  }
}

async function runOpenssl(args: readonly string[], directory: string, signal: AbortSignal): Promise<void> {
  try {
    await runCommand('openssl', args, { cwd: directory, signal });
  } catch (error) {
    if (error instanceof CommandError && error.code === 'ENOENT') {
      throw new CommandError(
        'The certificates of the test cluster are made with `openssl`, which is not on the PATH: install it.',
        'ENOENT',
      );
    }
    throw error;
  }
}
