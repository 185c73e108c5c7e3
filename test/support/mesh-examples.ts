import type { Surroundings } from '../../src/mesh/adapter.ts';
import type { ConfigView } from '../../src/mesh/views.ts';
import { translationOf } from '../../src/mesh/istio/waypoint/translation.ts';
import type { Examples } from './examples.ts';
import { config, mesh, namespace, root, surroundings, workload } from './mesh-fixtures.ts';

const needsHttp = config('AuthorizationPolicy', { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] });

function meshConfig(text: string, name = 'istio'): ConfigView {
  return config('ConfigMap', { mesh: text }, { name, uid: name, namespace: root });
}

function configured(text: string): Surroundings {
  return surroundings({ mesh: mesh([meshConfig(text)]) });
}

function inRoot(kind: string): ConfigView {
  return config(kind, {}, { namespace: root, uid: `root-${kind}` });
}

/** Selectors that select the namespace, and the root namespace by these labels. */
function hidden(labels: Readonly<Record<string, string>>, more: readonly ConfigView[]): Surroundings {
  const known = mesh([meshConfig('discoverySelectors: [{matchLabels: {istio-injection: enabled}}]'), ...more]);
  return surroundings({ mesh: { ...known, labelsOf: () => labels } });
}

function istiod(revision: string): ReturnType<typeof workload> {
  return workload({
    namespace: root,
    name: 'istiod',
    images: { discovery: 'istio/pilot:1.31.0' },
    templateLabels: { 'istio.io/rev': revision },
  });
}

/** The policies that are made of a picture, as they stand then. */
function madeOf(given: Surroundings): readonly ConfigView[] {
  return translationOf(given)
    .manifests.filter(({ object }) => object.kind === 'AuthorizationPolicy')
    .map(({ object: { kind, metadata, spec } }) => config(kind, spec, metadata));
}

/** What MM016 and MM017 see and ignore. */
export const meshExamples: Readonly<Record<string, Examples>> = {
  MM016: {
    seen: {
      'no mesh configuration': surroundings({ mesh: mesh([]) }),
      'one that cannot be read': configured('trustDomain: [corp'),
      'a list': configured('- trustDomain: a'),
      'a number for a text': configured('trustDomain: 5'),
      'an empty trust domain': configured('trustDomain: ""'),
      'a label that is no text': configured('discoverySelectors: [{matchLabels: {team: yes}}]'),
      'a mode that there is not': configured('outboundTrafficPolicy: {mode: OPEN}'),
      'one without its text': surroundings({
        mesh: mesh([config('ConfigMap', {}, { name: 'istio', namespace: root })]),
      }),
      'revisions that do not agree': surroundings({
        mesh: mesh([meshConfig('trustDomain: a'), meshConfig('trustDomain: b', 'istio-canary')]),
      }),
      'none of a revision that runs': surroundings({ mesh: { ...mesh(), workloads: () => [istiod('canary')] } }),
      'a shared one that says what the other does not': surroundings({
        mesh: mesh([meshConfig('accessLogFile: ""'), meshConfig('trustDomain: b', 'shared')]),
      }),
      'one by another trust domain than what stands': surroundings({
        itinerary: 'L7',
        mesh: mesh([
          meshConfig('trustDomain: corp.example'),
          ...madeOf(surroundings({ itinerary: 'L7' }, [needsHttp])),
        ]),
      }),
    },
    ignored: {
      'one that says nothing': configured(''),
      'two documents, of which istiod takes the first': configured('trustDomain: a\n---\ntrustDomain: [b'),
      'one that says null': configured('trustDomain: null'),
      'names as the API has them': configured('trust_domain: corp\nroot_namespace: istio-system'),
      'merge keys': configured('x: &x {trustDomain: corp}\n<<: *x'),
      'revisions that agree': surroundings({
        mesh: mesh([meshConfig('trustDomain: a'), meshConfig("trustDomain: 'a' # too", 'istio-canary')]),
      }),
      'a shared one that says what the other overrides': surroundings({
        mesh: mesh([meshConfig('trustDomain: a'), meshConfig('trustDomain: b', 'shared')]),
      }),
      'what stands by the same trust domain': surroundings(
        { itinerary: 'L7' },
        madeOf(surroundings({ itinerary: 'L7' }, [needsHttp])),
      ),
    },
  },
  MM017: {
    seen: {
      'selectors that select others': configured('discoverySelectors: [{matchLabels: {team_a: "yes"}}]'),
      'in JSON': configured('{"discoverySelectors": [{"matchExpressions": [{"key": "x", "operator": "Exists"}]}]}'),
      'one of several revisions': surroundings({
        mesh: mesh([meshConfig(''), meshConfig('discovery_selectors: [{match_labels: {x: z}}]', 'istio-canary')]),
      }),
      'a root namespace that is hidden, with a policy': hidden({}, [inRoot('AuthorizationPolicy')]),
      'with a Sidecar': hidden({}, [inRoot('Sidecar')]),
      'before it joins sidecars': {
        ...hidden({}, [inRoot('PeerAuthentication')]),
        route: { from: 'None', to: 'IstioSidecar' },
      },
    },
    ignored: {
      'a hidden root namespace with nothing for the mesh': hidden({}, [inRoot('Gateway'), needsHttp]),
      'one that is selected': hidden({ 'istio-injection': 'enabled' }, [inRoot('AuthorizationPolicy')]),
      none: configured('discoverySelectors: []'),
      'one that selects everything': configured('discoverySelectors: [{matchLabels: {x: z}}, {}]'),
      'one that selects it': configured('discoverySelectors: [{matchLabels: {istio-injection: enabled}}]'),
      'a label with a low line': {
        ...configured('discoverySelectors: [{matchLabels: {team_a: "yes"}}]'),
        namespace: namespace({ labels: { 'istio-injection': 'enabled', team_a: 'yes' } }),
      },
    },
  },
};
