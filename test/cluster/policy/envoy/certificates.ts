import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../command.ts';

/** A certificate with its key, as PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** The authority, the proxy's own certificate, and one for each identity. */
export interface TestMesh {
  readonly ca: string;
  readonly server: KeyPair;
  readonly clients: ReadonlyMap<string, KeyPair>;
}

const keyKind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Issues certificates as Istio's authority does: the SPIFFE identity is the only name in them. */
export async function issueIdentities(
  directory: string,
  identities: readonly string[],
  signal: AbortSignal,
): Promise<TestMesh> {
  const openssl = async (...args: string[]): Promise<void> => {
    await runCommand('openssl', args, { cwd: directory, signal });
  };
  const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
  await openssl(
    'req',
    '-x509',
    ...keyKind,
    '-days',
    '2',
    '-subj',
    '/O=test-mesh',
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
  );
  const issue = async (name: string, identity: string): Promise<KeyPair> => {
    writeFileSync(join(directory, `${name}.ext`), `subjectAltName=URI:spiffe://${identity}\n`);
    await openssl('req', ...keyKind, '-subj', '/O=test-mesh', '-keyout', `${name}.key`, '-out', `${name}.csr`);
    await openssl(
      'x509',
      '-req',
      '-days',
      '2',
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
    return { cert: read(`${name}.crt`), key: read(`${name}.key`) };
  };
  const server = await issue('server', 'cluster.local/ns/policy-home/sa/default');
  const clients = new Map<string, KeyPair>();
  for (const [index, identity] of identities.entries()) clients.set(identity, await issue(`client-${index}`, identity));
  return { ca: read('ca.crt'), server, clients };
}
