/**
 * What Go's encoding/json escapes in strings although JSON does not ask for it. None of it can stand outside of a
 * string.
 */
const escapedByGo = /[<>&\u2028\u2029]/g;

/**
 * JSON as Go writes it. kube-apiserver compares the value of a `test` operation with the object as text, byte for byte
 * (evanphx/json-patch, `lazyNode.equal`), and has written the object with Go's encoder: `"a&b"` is never equal to the
 * `"a\u0026b"` that it holds, and the patch answers 422 although nothing has changed.
 */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(
    escapedByGo,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
