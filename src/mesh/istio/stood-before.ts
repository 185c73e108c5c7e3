import type { Surroundings } from '../adapter.ts';

/** The API server says in whole seconds when something was made. */
const secondMs = 1000;

/** Whether something stood there before the start, which a rollback leads back to; what nobody knows of is new. */
export function stoodBefore(createdAt: number | undefined, { since }: Pick<Surroundings, 'since'>): boolean {
  return createdAt !== undefined && since !== undefined && createdAt + secondMs <= since;
}
