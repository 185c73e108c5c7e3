import type { MeshMigration, NamespaceMigration } from '../../api/resources.ts';
import { listed } from '../../base/counted.ts';
import { nearest } from '../../base/nearest.ts';
import { shown } from '../../base/shown.ts';
import { mayStart } from '../../engine/plan-status.ts';
import { waveOf, wavesOf } from '../../plan/waves.ts';
import type { Picture } from '../approval/picture.ts';
import { statersOf, type StatedField } from '../../plan/stated.ts';
import { isItRunning, whyUnsure } from '../cluster/unsure.ts';

/** What comes of leaving a namespace out, as far as the objects tell that were read. */
export type Decision =
  /** It is left out. */
  | { readonly kind: 'Already'; readonly message: string }
  | { readonly kind: 'Refuse'; readonly message: string }
  /** Somebody states the field by a manifest of his, which has to say it. */
  | { readonly kind: 'Stated'; readonly by: readonly string[] }
  /** `named`: its place in spec.namespaces.names, where it is named there. */
  | { readonly kind: 'Skip'; readonly named: number | undefined };

/** What is asked for. */
export interface Asked {
  readonly namespace: string;
  /** Also where a manifest of somebody states the field. */
  readonly force: boolean;
}

/** Where the scope stands: nothing of it is filled in, so whoever owns it states it. */
export const scopeField: StatedField = { name: 'namespaces', isSaid: () => true };

/** As many as the schema allows in spec.namespaces.exclude. */
const mostExcluded = 500;

function refuse(message: string): Decision {
  return { kind: 'Refuse', message };
}

/** The record of a namespace, if it has one. */
export function recordOf({ records }: Pick<Picture, 'records'>, namespace: string): NamespaceMigration | undefined {
  return records.find(({ metadata }) => metadata.namespace === namespace);
}

function whyUnknown({ records }: Picture, namespace: string): string {
  const names = records.flatMap(({ metadata }) => metadata.namespace ?? []);
  const near = nearest(namespace, names);
  const meant = near === undefined ? '' : `. Did you mean ${shown(near)}?`;
  const there = names.length === 0 ? '' : `; there is ${listed(names.map(shown), 10)}`;
  return `namespace ${namespace} is not in its scope${there}${meant}`;
}

/** Why it is not to be left out as it is now: what has begun is brought back or carried on, and never left lying. */
function whyNotLeft(
  { metadata, spec, status }: NamespaceMigration,
  typed: (command: string) => string,
): string | undefined {
  const phase = status?.writtenPhase;
  if (phase === undefined) return `namespace ${metadata.namespace ?? ''} was not looked at yet; ${isItRunning}`;
  if (phase === 'RolledBack' || mayStart(status)) return undefined;
  if (phase === 'Finalized') return 'it is Finalized: nothing is left to be done there';
  if (phase === 'RollingBack') return 'it goes back: when it is RolledBack, it can be left out';
  const back = typed(`rollback ${spec.migration} -n ${metadata.namespace ?? ''}`);
  return `it is ${phase}: what has begun is not left lying. Bring it back first: ${back}`;
}

/** The wave that would have nobody: the operator holds all behind one that names namespaces and has none. */
function emptied({ migration, records, homes }: Picture, namespace: string): string | undefined {
  if (migration.spec.waves.length === 0) return undefined;
  if (homes === undefined)
    return 'namespaces may not be listed, so nobody can tell whether its wave has others in it: --force leaves it out all the same';
  const waves = wavesOf(migration, homes);
  const place = waveOf(namespace, waves);
  const wave = migration.spec.waves[place];
  if (wave === undefined) return undefined;
  const others = records.filter((record) => record !== recordOf({ records }, namespace));
  if (others.some(({ metadata }) => waveOf(metadata.namespace ?? '', waves) === place)) return undefined;
  return `wave ${wave.name} has nobody else, and one that has nobody is held with all behind it: take it out of spec.waves first, or move somebody into it`;
}

function placeIn({ spec: { namespaces } }: MeshMigration, namespace: string): number | undefined {
  const place = namespaces.names.indexOf(namespace);
  return place < 0 ? undefined : place;
}

function isOnlyOne({ spec: { namespaces } }: MeshMigration, namespace: string): boolean {
  return namespaces.selector === undefined && namespaces.names.every((name) => name === namespace);
}

function whyNot(picture: Picture, { namespace, force }: Asked, typed: (command: string) => string): string | undefined {
  const { migration } = picture;
  const record = recordOf(picture, namespace);
  if (record === undefined) return whyUnknown(picture, namespace);
  const begun = whyNotLeft(record, typed);
  if (begun !== undefined) return begun;
  if (isOnlyOne(migration, namespace))
    return 'it is the only one that spec.namespaces names: pause the migration, or delete it';
  if (migration.spec.namespaces.exclude.length >= mostExcluded)
    return `spec.namespaces.exclude is full, with ${mostExcluded}: narrow spec.namespaces.selector`;
  return force && picture.homes === undefined ? undefined : emptied(picture, namespace);
}

/** Decides on what is there; `typed` says a command of this program. */
export function decidedOf(picture: Picture, asked: Asked, typed: (command: string) => string): Decision {
  const { migration } = picture;
  const unsure = whyUnsure(migration);
  if (unsure !== undefined) return refuse(unsure);
  if (migration.spec.namespaces.exclude.includes(asked.namespace))
    return { kind: 'Already', message: `${asked.namespace} is in spec.namespaces.exclude` };
  const why = whyNot(picture, asked, typed);
  if (why !== undefined) return refuse(why);
  const by = asked.force ? [] : statersOf(migration, scopeField);
  return by.length > 0 ? { kind: 'Stated', by } : { kind: 'Skip', named: placeIn(migration, asked.namespace) };
}
