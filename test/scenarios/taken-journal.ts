import { journalAnnotation } from '../../src/api/resources.ts';
import type { World } from './world.ts';

/** While no operator looks on, somebody takes the journal of the namespace away, or writes something in its place. */
export async function journalBecomes(
  world: World,
  value: string | null,
  meanwhile?: () => Promise<void>,
): Promise<void> {
  await world.operator.kill();
  await world.patch('Namespace', undefined, world.ns(), { metadata: { annotations: { [journalAnnotation]: value } } });
  await meanwhile?.();
  await world.operator.start();
}
