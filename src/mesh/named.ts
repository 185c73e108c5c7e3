/** `VirtualService shared/*`: all of the kind that stand beside an object. */
export function allBeside(object: string): string {
  return object.replace(/\/[^/]*$/, '/*');
}

/** Whether an entry of `spec.accept` is about an object, by its name or with all others beside it. */
export function isNamed(entry: { readonly object: string }, { object }: { readonly object: string }): boolean {
  return entry.object === object || entry.object === allBeside(object);
}
