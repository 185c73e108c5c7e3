import { managedBy, managedByLabel } from '../../src/api/resources.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { kinds } from '../scenarios/manifests.ts';
import type { World } from '../scenarios/world.ts';

const policyKinds = ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication'] as const;

/** The policies of a namespace: those of its owner, or those that the operator made. */
export async function policiesOf(
  world: World,
  namespace: string,
  whose: 'Owner' | 'Operator',
): Promise<readonly KubeObject[]> {
  const lists = await Promise.all(
    policyKinds.map(async (kind) => {
      const { items } = await world.client.list(kinds[kind], { namespace, signal: world.signal });
      return items.map((item): KubeObject => ({ ...item, kind }));
    }),
  );
  return lists
    .flat()
    .filter(({ metadata }) => (metadata.labels?.[managedByLabel] === managedBy) === (whose === 'Operator'));
}
