import { rules } from '../mesh/istio/rules.ts';

/*
 * The operator, `plan` and `audit` ask one catalogue of checks. Who does not ask one of them says here why: what a
 * source cannot know it must not be silent about by accident. test/manifests/parity.test.ts compares what the three
 * say of the same objects.
 */

/** Checks of the operator that only a cluster can answer, and why. */
export const onlyInCluster: Readonly<Record<string, string>> = {
  MM009: 'a fault of the command itself ends it',
  MM010: 'the environment of istiod is that of a cluster',
  MM011: 'which kinds are served is asked of an API server',
  MM012: 'pods and nodes are asked',
  MM013: 'pods and nodes are asked',
  MM014: 'webhooks are asked',
  MM015: 'it holds for each migration, and says nothing of manifests',
  MM017: 'what istiod sees is read from what it has written',
  MM018: 'it is about the rights of the operator',
  MM026: 'it is about the way out of the mesh, which is not planned',
  MM029: 'it is about the way into the mesh, which is not planned',
  MM053: 'it is about pods that are there, and about restarts that are paused',
  MM054: 'it is about pods that are there',
  MM058: 'it is about pods that are there',
  MM071: 'plan says of each Service whether it gets a waypoint, and why; the audit says it of the namespace',
  MM087: 'who calls is asked of metrics',
  MM088: 'metrics are asked',
  MM089: 'it is about the way to sidecars, which is not planned',
  MM090: 'it is about the way to sidecars, which is not planned',
  MM091: 'it is about the way to sidecars, which is not planned',
  MM092: 'it is about callers that leave ambient',
  MM093: 'it is about the way to sidecars, which is not planned',
  MM100: 'which sidecars take HBONE is seen at pods',
  MM101: 'it is about others that are on their way',
  MM102: 'plan says the order of namespaces, and where there is none',
  MM110: 'objects of an operator are told by what it has written to them',
  MM113: 'it is about pods that were changed since, and the way back',
  MM114: 'it is about what was before the start',
  MM115: 'which webhooks and revisions take new pods is asked of a cluster',
  MM116: 'what an earlier plan has written has the same names, and only a cluster tells who made it',
  MM117: 'what a quota has left is in its status',
  MM121: 'it is about annotations that controllers have written',
  MM122: 'it is about pods that are there',
  MM124: 'it is about what was before the start',
  MM131: 'it is about the way to sidecars, which is not planned',
  MM136: 'it is about the way to sidecars, which is not planned',
  MM146: 'it is about the size of a record',
  MM162: 'which waves have begun is in the status of a MeshMigration',
  MM154: 'who states a label is in managed fields',
};

/** Checks that `plan` makes and `audit` does not, and why: it asks what ztunnel alone would do. */
export const onlyInPlan: Readonly<Record<string, string>> = {
  MM022: 'manifests may ask for a waypoint: the audit says MM073',
  MM033: 'it depends on which namespaces move',
  MM034: 'it depends on which namespaces move',
  MM043: 'it holds for each migration',
  MM045: 'manifests may ask for a waypoint',
  MM049: 'whether a namespace is to move is not asked',
  MM055: 'it is about restarts',
  MM056: 'it is about restarts',
  MM057: 'it is about restarts',
  MM059: 'it depends on which callers move',
  MM061: 'it is about restarts',
  MM063: 'it depends on which callers move',
  MM080: 'it is about copies: where they would do nothing, it is said of the policy',
  MM081: 'it is about copies',
  MM082: 'it depends on which callers move',
  MM083: 'it depends on which callers move',
  MM084: 'it depends on which callers move',
  MM085: 'it depends on which callers move',
  MM086: 'it compares what is let through: the audit says what each policy means',
  MM094: 'it depends on which namespaces move',
  MM095: 'it depends on which namespaces move',
  MM099: 'it compares what is let through: the audit says what each policy means',
  MM118: 'it depends on the MeshMigration',
  MM120: 'it depends on whether a waypoint comes',
  MM123: 'it depends on which callers move',
  MM128: 'it depends on whether a waypoint comes',
  MM147: 'it depends on whether a waypoint comes',
  MM149: 'it holds for each migration',
  MM152: 'it depends on the MeshMigration',
};

/**
 * What `plan` and the operator call critical is a Warning to the audit where nothing else of the namespace is among the
 * manifests: it may be asked about one file, and whether a Service stands before the pods that file cannot say.
 */
export const mildAlone: readonly string[] = ['MM024', 'MM030', 'MM031', 'MM032', 'MM041', 'MM042'];

/**
 * What the audit says of a policy by itself, and the others of what comes of it, by the ids that they say it with. What
 * is let through they compare once nothing else is in the way, so that whatever blocks stands for it.
 */
export const saidOtherwise: Readonly<Record<string, (id: string) => boolean>> = {
  MM020: (id) => id === 'MM080',
  MM021: (id) => id === 'MM080',
  MM024: (id) => id === 'MM080',
  MM077: () => true,
};

/** Checks of manifests that the operator has no use for, and why. */
export const onlyOfManifests: Readonly<Record<string, string>> = {
  MM008: 'a cluster has each object once',
  MM066: 'the operator looks at pods, and policies of others are no matter of a namespace',
  MM067: 'the operator looks at pods: policies of gateways select none of the namespace',
  MM068: 'nothing changes by a migration: the principal matches nobody, before and after',
  MM069: 'nothing changes by a migration: nobody reads the policy, before and after',
  MM070: 'nothing changes by a migration: the policy never matches, before and after',
  MM072: 'the operator makes what is needed',
  MM073: 'nothing changes by a migration: the operator says of those for Services MM022',
  MM074: 'the API server has refused it',
  MM075: 'the API server has dropped it',
  MM076: 'the operator says MM021, because the authorizer was to be asked',
  MM078: 'the operator says it in each namespace',
  MM079: 'the operator compares what sidecars enforce, not what was meant',
  MM160: 'a cluster has objects that were filled in',
};

/** Of these `plan` tells as well: what was not read as it was meant makes another plan. */
export const ofEveryManifest: readonly string[] = ['MM008', 'MM074', 'MM075', 'MM160'];

/** Checks of the operator that manifests can answer. */
export const inPlan: readonly string[] = rules.map(({ id }) => id).filter((id) => onlyInCluster[id] === undefined);

/** Those that they answer whether a waypoint comes or not. */
export const inAudit: readonly string[] = inPlan.filter((id) => onlyInPlan[id] === undefined);

/** Those of them that are about the pods of templates. */
export const ofPods: readonly string[] = ['MM050', 'MM051', 'MM052', 'MM062', 'MM138'];
