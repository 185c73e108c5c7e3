import { neededBefore, type Manifest } from './manifest.ts';
import { titleOf } from './world.ts';

/** `A, B and C`. */
function enumeration(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

const before: Readonly<Record<ReturnType<typeof step>, string>> = {
  BindWaypoint: 'before the Service is bound to the waypoint',
  RestartWorkloads: 'before the first pod loses its sidecar',
};

function step({ role }: Manifest): (typeof neededBefore)[Manifest['role']] {
  return neededBefore[role];
}

/** One sentence that says what an object is for and when it has to be there. */
export function why(made: Manifest): string {
  const {
    kind,
    metadata: { namespace, name },
  } = made.object;
  const title = titleOf({ kind, namespace, name });
  const originals = enumeration(made.originals);
  const changed = made.changes.length > 0 ? ` (${made.changes.join('; ')})` : '';
  switch (made.role) {
    case 'Copy':
      return `${title}: ${originals} for ${made.target}, because a waypoint reads by targetRefs only${changed}; ${before[step(made)]}.`;
    case 'AllowWaypoint':
      return `${title}: lets the waypoint in to the pods of ${made.target}, which see its identity instead of the caller's and have ${originals}; ${before[step(made)]}.`;
    case 'SidecarCopy':
      return `${title}: ${originals} for the sidecars of the pods of ${made.target}${changed}; before the first of them has one.`;
    case 'SidecarAllow':
      return `${title}: keeps open at the sidecars of the pods of ${made.target} what the waypoint lets through and what it has no say in; before the first of them has one.`;
    case 'SidecarDeny':
      return `${title}: keeps closed at the sidecars of the pods of ${made.target} what ztunnel refuses and they would let in; before the first of them has one.`;
    case 'SidecarGuard':
      return `${title}: refuses callers of the namespace that go around the waypoint to the pods of ${made.target}, as long as those have no sidecar; before the first pod has one.`;
    case 'Guard':
      return `${title}: refuses whoever goes around the waypoint to the pods of ${made.target}, because ztunnel does not do what ${originals} ${made.originals.length > 1 ? 'ask' : 'asks'}; ${before[step(made)]}.`;
  }
}
