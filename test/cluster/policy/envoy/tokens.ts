import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Token } from '../../../../src/requests/semantics.ts';
import type { Json } from '../../../../src/mesh/json.ts';

/** Signs tokens, and says how to verify them. */
export class TokenIssuer {
  readonly #key: KeyObject;
  /** JSON web key set. */
  readonly jwks: string;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.#key = privateKey;
    this.jwks = JSON.stringify({
      keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'test', alg: 'RS256', use: 'sig' }],
    });
  }

  /** The token as a bearer carries it. */
  sign(token: Token): string {
    const part = (value: Json): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({ alg: 'RS256', kid: 'test', typ: 'JWT' })}.${part(payload(token))}`;
    return `${text}.${createSign('RSA-SHA256').update(text).sign(this.#key, 'base64url')}`;
  }
}

/** A claim with one value is a text, one with several a list; `[a][b]` is claim b in claim a. */
function payload({ issuer, subject, claims }: Token): Json {
  const result: Record<string, unknown> = { iss: issuer, sub: subject };
  for (const [path, values] of Object.entries(claims)) {
    const value = values.length === 1 ? values[0] : values;
    const [outer = '', inner] = path.slice(1, -1).split('][');
    result[outer] = inner === undefined ? value : { [inner]: value };
  }
  return result;
}
