/**
 * How `Token.claims` names a claim: as `request.auth.claims` does. `[a][b]` is claim b in claim a, `[a.b]` one claim.
 */
export function claimKey(path: readonly string[]): string {
  return path.map((name) => `[${name}]`).join('');
}
