/** What is looked at: a MeshMigration, or the record of a namespace. */
export type Key =
  | { readonly kind: 'Migration'; readonly name: string }
  | { readonly kind: 'Namespace'; readonly namespace: string; readonly name: string };

/** As the queue knows it. */
export function encode(key: Key): string {
  return key.kind === 'Migration' ? `m/${key.name}` : `n/${key.namespace}/${key.name}`;
}

/** What `encode` was given. */
export function decode(key: string): Key {
  const [kind, first = '', second = ''] = key.split('/');
  return kind === 'm' ? { kind: 'Migration', name: first } : { kind: 'Namespace', namespace: first, name: second };
}
