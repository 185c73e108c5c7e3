import { memoize } from '../../../../base/memoize.ts';
import type { Surroundings } from '../../../adapter.ts';
import { hasLabels } from '../../../has-labels.ts';
import { record, records, stringMap, strings, type Json } from '../../../json.ts';
import type { Manifest } from '../../../manifest.ts';
import type { ConfigView } from '../../../views.ts';
import { orderedText } from '../../../seal.ts';
import { isOfExit, originalOf } from '../../policy/translate/names.ts';
import { podsBehind, tlsModeLabel } from '../../policy/translate/selection.ts';
import { serviceTitle } from '../../policy/translate/world.ts';
import { missed } from './gone.ts';
import { exitChangesOf } from './proof.ts';
import { exitWorldOf } from './served.ts';
import { exitTranslationOf } from './translation.ts';

/*
 * ALLOW policies add up at sidecars, where a waypoint asks those of one Service: what is made for one Service lets in at pods that another one leads to as well. At
 * rest nobody blocks what is written there, so where the proof finds somebody who would get through to pods of one Service, what is made for others of these pods
 * is not written, or left as it is. What is made for the Service itself says only what its own waypoint says, and is followed.
 */

type Labels = Readonly<Record<string, string>>;

function isAllow({ action = 'ALLOW' }: Json): boolean {
  return action === 'ALLOW';
}

/** A Service, and the labels of the pods behind it. */
interface Behind {
  readonly title: string;
  readonly pods: readonly Labels[];
}

/**
 * The Services to whose pods somebody would get through, or nobody can tell: so it is of one that is away, of which the
 * proof knows nothing.
 */
const opened = memoize((surroundings: Surroundings): readonly Behind[] => {
  const titles = new Set(
    exitChangesOf(surroundings)
      .filter(({ kind }) => kind === 'Opens' || kind === 'Unknown')
      .map(({ object }) => object),
  );
  const away = missed(surroundings);
  if (titles.size + away.size === 0) return [];
  const world = exitWorldOf(surroundings);
  const gone = [...away].map(([name, selectors]) => ({
    title: serviceTitle({ namespace: surroundings.namespace.name, name }),
    pods: world.workloads
      .map(({ labels }) => labels)
      .filter((labels) => selectors.some((selector) => hasLabels(labels, selector))),
  }));
  const open = world.served
    .map(({ service }) => service)
    .filter((service) => titles.has(serviceTitle(service)))
    .map((service) => ({
      title: serviceTitle(service),
      pods: podsBehind(service, world.workloads).map(({ labels }) => labels),
    }));
  return [...open, ...gone];
});

/** For which Service something is made, and which pods it selects, whatever the sidecar in them is called. */
interface Aim {
  readonly target: string;
  readonly selector: Labels;
}

const aims = memoize(
  (surroundings: Surroundings): ReadonlyMap<string, Aim> =>
    new Map(
      exitTranslationOf(surroundings)
        .manifests.filter(({ object }) => object.kind === 'AuthorizationPolicy' && isAllow(object.spec))
        .map(({ object, target }) => {
          const { [tlsModeLabel]: _mode, ...selector } = stringMap(record(object.spec['selector'])['matchLabels']);
          return [object.metadata.name, { target, selector }] as const;
        }),
    ),
);

/** Whether it lets in at pods of another Service at which somebody would get through. */
function opensAnother(name: string, surroundings: Surroundings): boolean {
  const aim = aims(surroundings).get(name);
  if (aim === undefined) return false;
  return opened(surroundings).some(
    ({ title, pods }) => title !== aim.target && pods.some((labels) => hasLabels(labels, aim.selector)),
  );
}

/** Values that something is limited to; undefined without any, which to Istio is no limit. */
function limits(value: unknown): readonly string[] | undefined {
  const values = strings(value);
  return values.length === 0 ? undefined : values;
}

/** Whether a list of values names no more than another one. */
function isWithin(these: unknown, those: unknown): boolean {
  const [inner, outer] = [limits(these), limits(those)];
  return outer === undefined || inner?.every((value) => outer.includes(value)) === true;
}

/** Whether a list of exceptions leaves out no less than another one. */
function leavesOut(these: unknown, those: unknown): boolean {
  const all = strings(these);
  return strings(those).every((value) => all.includes(value));
}

function isFieldWithin(field: string, these: Json, those: Json): boolean {
  return (field.startsWith('not') ? leavesOut : isWithin)(these[field], those[field]);
}

function isBlockWithin(these: Json, those: Json): boolean {
  return Object.keys({ ...these, ...those }).every((field) => isFieldWithin(field, these, those));
}

/** Each of a list within one of another; without any, a rule is about everything. */
function areWithin(these: unknown, those: unknown, member: string): boolean {
  const [inner, outer] = [records(these), records(those)].map((all) => all.map((each) => record(each[member])));
  if (inner === undefined || outer === undefined || outer.length === 0) return true;
  return inner.length > 0 && inner.every((each) => outer.some((other) => isBlockWithin(each, other)));
}

/** Conditions all count: whatever is asked besides lets fewer in. */
function areConditionsWithin(these: unknown, those: unknown): boolean {
  const asked = records(these);
  return records(those).every((other) =>
    asked.some((each) => each['key'] === other['key'] && isBlockWithin(each, { ...other, key: undefined })),
  );
}

function isRuleWithin(these: Json, those: Json): boolean {
  return (
    areWithin(these['from'], those['from'], 'source') &&
    areWithin(these['to'], those['to'], 'operation') &&
    areConditionsWithin(these['when'], those['when'])
  );
}

/** Whether it lets in nobody whom what stands does not let in, at the same pods. */
export function isNarrower(wanted: Json, seen: Json): boolean {
  const outer = records(seen['rules']);
  const selector = (spec: Json): Labels => stringMap(record(spec['selector'])['matchLabels']);
  return (
    isAllow(wanted) &&
    isAllow(seen) &&
    hasLabels(selector(wanted), selector(seen)) &&
    records(wanted['rules']).every((rule) => outer.some((other) => isRuleWithin(rule, other)))
  );
}

/** Whether something of ours that stands lets in all whom it would let in, at all of its pods. */
function isCovered(wanted: Json, { mesh, namespace }: Surroundings): boolean {
  return mesh
    .configs('AuthorizationPolicy', namespace.name)
    .some((config) => isOfExit(config, true) && isAllow(config.spec) && isNarrower(wanted, config.spec));
}

/** Whether it is a copy for the same pods: what people write of their own Service is followed, whoever else is let in. */
function isOwnWord(seen: ConfigView, wanted: Json): boolean {
  return (
    originalOf(seen) !== undefined &&
    orderedText(record(seen.spec['selector'])) === orderedText(record(wanted['selector']))
  );
}

/** Whether what stands has to stay as it is: as it is wanted, it would let somebody in. */
export function staysClosed(surroundings: Surroundings, seen: ConfigView, wanted: Manifest): boolean {
  const spec = record(wanted.object['spec']);
  return (
    opensAnother(wanted.object.metadata.name, surroundings) && !isOwnWord(seen, spec) && !isNarrower(spec, seen.spec)
  );
}

/** What is to be made, but for what is not there and would let somebody in. */
export function notFurther(surroundings: Surroundings, manifests: readonly Manifest[]): readonly Manifest[] {
  const { mesh, namespace } = surroundings;
  const there = new Set(mesh.configs('AuthorizationPolicy', namespace.name).map(({ name }) => name));
  return manifests.filter(
    ({ object }) =>
      there.has(object.metadata.name) ||
      !opensAnother(object.metadata.name, surroundings) ||
      isCovered(record(object['spec']), surroundings),
  );
}
