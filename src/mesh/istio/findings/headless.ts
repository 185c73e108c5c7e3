import type { Surroundings } from '../../adapter.ts';
import { isEmpty } from '../../has-labels.ts';
import { mayBeCalledFromSidecars } from './called-from-sidecars.ts';
import { bounded, spend } from '../../../base/effort.ts';
import { selecting } from '../policy/selecting.ts';
import { asksWhoCalls } from '../policy/policy-fields.ts';
import { applicable, isStrict } from './applicable.ts';
import type { Evidence } from './rule.ts';
import { labelSets, nameOf } from '../vocabulary/objects.ts';
import { peersInReach, strictAt } from './strict-pods.ts';

/** Headless Services of pods here that sidecars may call, as far as their pods are meant. */
function headless(
  surroundings: Surroundings,
  message: string,
  isMeant: (places: readonly number[]) => boolean = (places) => places.length > 0,
): readonly Evidence[] {
  if (surroundings.route.to !== 'IstioAmbient' || !mayBeCalledFromSidecars(surroundings)) return [];
  const all = surroundings.services.filter((service) => service.headless && !isEmpty(service.selector));
  if (all.length === 0) return [];
  const select = selecting(labelSets(surroundings), spend);
  return all
    .filter((service) => isMeant(select(service.selector)))
    .map((service) => ({ object: nameOf({ ...service, kind: 'Service' }), message }));
}

/** Of all pods and all PeerAuthentications together. */
const strictSteps = 200_000;

/** MM059: whom STRICT refuses. Where it takes too long to tell which pods are STRICT, all count as such. */
export function refusedCallers(surroundings: Surroundings): readonly Evidence[] {
  if (!isStrict(surroundings)) return [];
  const pods = labelSets(surroundings);
  const strict = bounded(strictSteps, () =>
    strictAt(pods, selecting(pods, spend), peersInReach(surroundings), surroundings),
  );
  return headless(
    surroundings,
    'sidecars reach ambient pods behind a headless Service in plaintext, which STRICT refuses (istio/istio#54921)',
    (places) => (strict.kind === 'Done' ? places.some((place) => strict.value.has(place)) : places.length > 0),
  );
}

/** MM063. Plaintext carries no identity: a DENY by identity does not match it, an ALLOW by identity refuses it. */
export function namelessCallers(surroundings: Surroundings): readonly Evidence[] {
  if (
    surroundings.route.to !== 'IstioAmbient' ||
    !applicable('AuthorizationPolicy', surroundings).some(({ spec }) => asksWhoCalls(spec))
  )
    return [];
  return headless(
    surroundings,
    'sidecars reach ambient pods behind a headless Service in plaintext (istio/istio#54921), so policies would not know these callers',
  );
}
