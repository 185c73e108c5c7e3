import type { World } from './world.ts';

/** One story that must end the same on the simulated cluster and on the real control plane. */
export interface Scenario {
  /** Unique, in kebab case; also the prefix of its namespaces. At most 30 characters. */
  readonly name: string;
  /** Runs before ambient is enabled: for pods that must have been injected earlier. */
  readonly prepare?: (world: World) => Promise<void>;
  readonly run: (world: World) => Promise<void>;
  /**
   * Set where pods are outside the mesh by intention; everywhere else one that is Ready and outside fails the scenario.
   */
  readonly podsOutside?: true;
  /**
   * Set where the operator is killed, or where it matters what other namespaces do: such a scenario runs alone on the
   * real control plane.
   */
  readonly disturbs?: true;
  /**
   * Set where another scenario shows on the real control plane what this one would show there: it costs minutes, and CI
   * has an hour.
   */
  readonly simulationOnly?: true;
}
