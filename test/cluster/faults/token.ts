import { createSign } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { systemClock } from '../../../src/base/clock.ts';

/** Whose token it is, and with what the API server's tokens are signed. */
export interface Account {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** In PEM. */
  readonly signingKey: string;
}

const issuer = 'https://kubernetes.default.svc';

/** A token is taken for so long after it has expired (go-jose, `DefaultLeeway`). */
const leewaySeconds = 60;

/**
 * A token of a ServiceAccount as TokenRequest gives it, which gives none for less than ten minutes: one that the API
 * server refuses after so many seconds.
 */
export function tokenFor(account: Account, seconds: number): string {
  const { namespace, name, uid, signingKey } = account;
  const now = Math.floor(systemClock.now() / 1000);
  const claims = {
    iss: issuer,
    aud: [issuer],
    sub: `system:serviceaccount:${namespace}:${name}`,
    iat: now - leewaySeconds,
    nbf: now - leewaySeconds,
    exp: now + seconds - leewaySeconds,
    'kubernetes.io': { namespace, serviceaccount: { name, uid } },
  };
  const unsigned = [{ alg: 'RS256', typ: 'JWT' }, claims].map((part) => encoded(JSON.stringify(part))).join('.');
  return `${unsigned}.${createSign('RSA-SHA256').update(unsigned).sign(signingKey, 'base64url')}`;
}

/** Puts a token where another one was, in one step as the kubelet does it. */
export function renew(file: string, token: string): void {
  writeFileSync(`${file}.new`, token, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64url');
}
