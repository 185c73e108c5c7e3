import { describe, expect, it } from '@jest/globals';
import { record, records } from '../../../json.ts';
import {
  changes,
  moments,
  world,
  type Change,
  type Moment,
  type WorldSpec,
} from '../../../../../test/support/translation-world.ts';
import type { Manifest, PlainObject } from './manifest.ts';
import { translate } from './translate.ts';
import type { ServiceFacts, World } from './world.ts';

/*
 * Wrong translations and wrong orders, each of which the comparison of verdicts has to catch: what it does not catch it does not prove.
 */

const web = 'cluster.local/ns/shop/sa/web';
const shop: WorldSpec = {
  policies: [
    {
      name: 'readers',
      spec: {
        selector: { matchLabels: { app: 'cart' } },
        action: 'ALLOW',
        rules: [
          {
            from: [{ source: { principals: [web] } }],
            to: [{ operation: { methods: ['GET'], ports: ['8080'], notPaths: ['/admin*'] } }],
          },
          { from: [{ source: { namespaces: ['monitoring'] } }], to: [{ operation: { ports: ['9090'] } }] },
        ],
      },
    },
    { name: 'no-delete', spec: { action: 'DENY', rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }] } },
    {
      name: 'not-the-batch',
      spec: {
        selector: { matchLabels: { app: 'web' } },
        action: 'DENY',
        rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/batch'] } }] }],
      },
    },
    {
      name: 'banned',
      namespace: 'istio-system',
      spec: { action: 'DENY', rules: [{ from: [{ source: { serviceAccounts: ['banned'] } }] }] },
    },
    {
      name: 'ask',
      spec: {
        selector: { matchLabels: { app: 'web' } },
        action: 'CUSTOM',
        provider: { name: 'ext' },
        rules: [{ to: [{ operation: { paths: ['/pay*'] } }] }],
      },
    },
  ],
};

type Mutation = (course: readonly Moment[], facts: World) => readonly Moment[];

/** Changes the manifests of every moment. */
function eachManifest(change: (made: Manifest) => Manifest | undefined): Mutation {
  return (course) =>
    course.map((moment) => ({ ...moment, manifests: moment.manifests.flatMap((made) => change(made) ?? []) }));
}

function isCopyOf(made: Manifest, name: string): boolean {
  return made.role === 'Copy' && made.originals.some((original) => original.endsWith(`/${name}`));
}

/** Changes the object of the copies of one policy. */
function copyOf(name: string, change: (object: PlainObject) => PlainObject): Mutation {
  return eachManifest((made) => (isCopyOf(made, name) ? { ...made, object: change(made.object) } : made));
}

function inSpec(change: (spec: PlainObject['spec']) => PlainObject['spec']): (object: PlainObject) => PlainObject {
  return (object) => ({ ...object, spec: change(object.spec) });
}

function asText(change: (text: string) => string): (object: PlainObject) => PlainObject {
  return inSpec((spec) => JSON.parse(change(JSON.stringify(spec))) as PlainObject['spec']);
}

function without(name: string): Mutation {
  return eachManifest((made) => (isCopyOf(made, name) ? undefined : made));
}

function at(names: readonly string[], change: (moment: Moment) => Moment): Mutation {
  return (course) => course.map((moment) => (names.includes(moment.name) ? change(moment) : moment));
}

function withoutRole(role: Manifest['role']): Mutation {
  return eachManifest((made) => (made.role === role ? undefined : made));
}

interface Case {
  readonly name: string;
  readonly mutation: Mutation;
  readonly caught: Partial<Change>;
}

const otherService: Readonly<Record<string, string>> = { cart: 'web', web: 'cart' };

const cases: readonly Case[] = [
  {
    name: 'the companion of the ALLOW is dropped',
    mutation: withoutRole('AllowWaypoint'),
    caught: { kind: 'Closes', moment: 'bound', path: 'Ambient to Service', service: 'cart' },
  },
  {
    name: 'ports are left as container ports',
    mutation: copyOf(
      'readers',
      asText((text) => text.replace('"80","81"', '"8080"')),
    ),
    caught: { kind: 'Closes', moment: 'bound', service: 'cart' },
  },
  {
    name: 'one of two Service ports is forgotten',
    mutation: copyOf(
      'readers',
      asText((text) => text.replace('"80","81"', '"80"')),
    ),
    caught: { kind: 'Closes', moment: 'bound', service: 'cart' },
  },
  {
    name: 'ports are rewritten to those of another Service',
    mutation: copyOf(
      'readers',
      asText((text) => text.replace('["9090"]', '["80","81","9090"]')),
    ),
    caught: { kind: 'Opens', moment: 'bound', service: 'cart' },
  },
  {
    name: 'the namespace-wide policy is forgotten',
    mutation: without('no-delete'),
    caught: { kind: 'Opens', moment: 'restarted', path: 'Ambient to Service', service: 'web' },
  },
  {
    name: 'the mesh-wide policy is forgotten',
    mutation: without('banned'),
    caught: { kind: 'Opens', moment: 'bound', service: 'web' },
  },
  {
    name: 'a name without namespace is copied as it stands',
    mutation: copyOf(
      'banned',
      asText((text) => text.replace('istio-system/banned', 'banned')),
    ),
    caught: { kind: 'Opens', moment: 'bound', service: 'web' },
  },
  {
    name: 'a DENY is copied as ALLOW',
    mutation: copyOf(
      'not-the-batch',
      inSpec((spec) => ({ ...spec, action: 'ALLOW' })),
    ),
    caught: { kind: 'Opens', moment: 'bound', service: 'web' },
  },
  {
    name: 'a CUSTOM is copied as ALLOW',
    mutation: copyOf(
      'ask',
      inSpec((spec) => ({ ...spec, action: 'ALLOW', provider: undefined })),
    ),
    caught: { kind: 'Closes', moment: 'bound', service: 'web' },
  },
  {
    name: 'the CUSTOM policy is not copied',
    mutation: without('ask'),
    caught: { kind: 'Opens', moment: 'restarted', path: 'Ambient to Service', service: 'web' },
  },
  {
    name: 'a copy is attached to the wrong Service',
    mutation: copyOf(
      'readers',
      inSpec((spec) => ({
        ...spec,
        targetRefs: records(spec['targetRefs']).map((ref) => ({ ...ref, name: otherService[String(ref['name'])] })),
      })),
    ),
    caught: { kind: 'Opens', moment: 'bound', service: 'cart' },
  },
  {
    name: 'a not-field is dropped',
    mutation: copyOf(
      'readers',
      asText((text) => text.replace(',"notPaths":["/admin*"]', '')),
    ),
    caught: { kind: 'Opens', moment: 'bound', service: 'cart' },
  },
  {
    name: 'a rule without a port that the Service leads to loses its operations instead of itself',
    mutation: copyOf(
      'readers',
      inSpec((spec) => ({ ...spec, rules: records(spec['rules']).map((rule) => ({ from: rule['from'] })) })),
    ),
    caught: { kind: 'Opens', moment: 'bound', service: 'cart' },
  },
  {
    name: 'the DENY is taken to fail closed at ztunnel, so no guard is made',
    mutation: withoutRole('Guard'),
    caught: { kind: 'Opens', moment: 'restarted', path: 'Ambient to Pod', service: 'web' },
  },
  {
    name: 'the guard does not name the waypoint',
    mutation: eachManifest((made) =>
      made.role === 'Guard'
        ? { ...made, object: asText((text) => text.replaceAll('sa/waypoint', 'sa/other'))(made.object) }
        : made,
    ),
    caught: { kind: 'Closes', moment: 'restarted', path: 'Ambient to Service', service: 'web' },
  },
  {
    name: 'the guard is one that sidecars enforce as well',
    mutation: eachManifest((made) =>
      made.role === 'Guard'
        ? {
            ...made,
            object: asText((text) => text.replaceAll(',"remoteIpBlocks":["255.255.255.255/32"]', ''))(made.object),
          }
        : made,
    ),
    caught: { kind: 'Closes', moment: 'guarded', path: 'Sidecar to Service', service: 'web' },
  },
  {
    name: 'the guard is given targetRefs, as if the waypoint were what it protects',
    mutation: eachManifest((made) =>
      made.role === 'Guard'
        ? {
            ...made,
            object: inSpec(({ selector: _, ...spec }) => ({
              ...spec,
              targetRefs: [{ group: '', kind: 'Service', name: made.target.split('/')[1] }],
            }))(made.object),
          }
        : made,
    ),
    caught: { kind: 'Opens', moment: 'restarted', path: 'Ambient to Pod', service: 'web' },
  },
  {
    name: 'a copy for the Gateway lives in the namespace of its original',
    mutation: copyOf('banned', (object) => ({
      ...object,
      metadata: { ...object.metadata, namespace: 'istio-system' },
    })),
    caught: { kind: 'Opens', moment: 'bound', service: 'web' },
  },
  {
    name: 'a copy keeps its selector and has no targetRefs',
    mutation: copyOf(
      'not-the-batch',
      inSpec(({ targetRefs: _, ...spec }) => ({ ...spec, selector: { matchLabels: { app: 'web' } } })),
    ),
    caught: { kind: 'Opens', moment: 'bound', service: 'web' },
  },
  {
    name: 'a copy becomes a dry run',
    mutation: copyOf('no-delete', (object) => ({
      ...object,
      metadata: { ...object.metadata, annotations: { 'istio.io/dry-run': 'true' } },
    })),
    caught: { kind: 'Opens', moment: 'restarted', service: 'web' },
  },
  {
    name: 'the companion is put on pods without an ALLOW too',
    mutation: eachManifest((made) =>
      made.role === 'AllowWaypoint'
        ? { ...made, object: inSpec(({ selector: _, ...spec }) => spec)(made.object) }
        : made,
    ),
    caught: { kind: 'Closes', moment: 'prepared', path: 'Ambient to Service', service: 'web' },
  },
  {
    name: 'the companion allows everybody',
    mutation: eachManifest((made) =>
      made.role === 'AllowWaypoint'
        ? { ...made, object: inSpec((spec) => ({ ...spec, rules: [{}] }))(made.object) }
        : made,
    ),
    caught: { kind: 'Opens', moment: 'prepared', service: 'cart' },
  },
  {
    name: 'the originals are deleted while pods have sidecars',
    mutation: at(['prepared'], (moment) => ({ ...moment, originals: [] })),
    caught: { kind: 'Opens', moment: 'prepared', service: 'web' },
  },
  {
    name: 'a Service is bound before its copies exist',
    mutation: at(['bound'], (moment) => ({
      ...moment,
      manifests: moment.manifests.filter(({ role }) => role !== 'Copy'),
    })),
    caught: { kind: 'Opens', moment: 'bound', service: 'cart' },
  },
  {
    name: 'a Service is bound before the companion exists',
    mutation: at(['bound'], (moment) => ({
      ...moment,
      manifests: moment.manifests.filter(({ role }) => role === 'Copy'),
    })),
    caught: { kind: 'Closes', moment: 'bound', service: 'cart' },
  },
  {
    name: 'pods lose their sidecars before they are behind the waypoint',
    mutation: at(['bound'], (moment) => ({ ...moment, bound: [], destination: 'Ztunnel' })),
    caught: { kind: 'Opens', moment: 'bound', service: 'web' },
  },
  {
    name: 'pods lose their sidecars before the guard exists',
    mutation: at(['guarded'], (moment) => ({
      ...moment,
      manifests: moment.manifests.filter(({ role }) => role !== 'Guard'),
      destination: 'Ztunnel',
    })),
    caught: { kind: 'Opens', moment: 'guarded', path: 'Ambient to Pod', service: 'web' },
  },
  {
    name: 'a Service without copies is bound',
    mutation: (course, { services }) =>
      withoutRole('Copy')(
        course.map((moment) => (moment.bound.length > 0 ? { ...moment, bound: services } : moment)),
        world(shop),
      ),
    caught: { kind: 'Opens', moment: 'bound', service: 'web' },
  },
];

function matchesCatch(found: readonly Change[], caught: Partial<Change>): boolean {
  return found.some((change) => Object.entries(caught).every(([key, value]) => record(change)[key] === value));
}

describe('wrong translations and orders', () => {
  const facts = world(shop);
  const course = moments(facts, translate(facts));

  it('has a right one to compare with', () => {
    expect(translate(facts).problems).toEqual([]);
    expect(translate(facts).bound.map(({ name }: ServiceFacts) => name)).toEqual(['cart', 'web']);
    expect(changes(facts, course)).toEqual([]);
  });

  it.each(cases)('is caught: $name', ({ mutation, caught }) => {
    const mutated = mutation(course, facts);
    expect(JSON.stringify(mutated)).not.toBe(JSON.stringify(course));
    const found = changes(facts, mutated);
    expect({ caught: matchesCatch(found, caught), found: matchesCatch(found, caught) ? [] : found }).toEqual({
      caught: true,
      found: [],
    });
  });
});
