import { NamespaceMigrationStatus, StepName } from '../api/namespace-migration.ts';

const stepNames: ReadonlySet<string> = new Set(StepName.options);

/** As few as this version can have begun: others are unknown to it, and each counts once. */
function ownSteps(steps: NamespaceMigrationStatus['steps'] = []): NonNullable<NamespaceMigrationStatus['steps']> {
  const named = new Map(
    steps
      .filter(({ name }) => stepNames.has(name))
      .toReversed()
      .map((step) => [step.name, step]),
  );
  return [...named.values()].toReversed();
}

function read(stored: NamespaceMigrationStatus): NamespaceMigrationStatus {
  const { shape } = NamespaceMigrationStatus;
  const fits = ([field, value]: readonly [string, unknown]): boolean =>
    field in shape && shape[field as keyof typeof shape].safeParse(value).success;
  const fitting: NamespaceMigrationStatus = Object.fromEntries(Object.entries(stored).filter(fits));
  const { steps, step, ...rest } = fitting;
  return {
    ...rest,
    ...(steps !== undefined && { steps: ownSteps(steps) }),
    ...(step !== undefined && stepNames.has(step) && { step }),
  };
}

const known = new WeakMap<NamespaceMigrationStatus, NamespaceMigrationStatus>();

/**
 * A stored status as far as this version understands it. Another version may have stored steps that this one does not
 * know, or more than fits: written back as they are, no status could be stored any more, and with it nothing be done,
 * not even back. What is left out is display, or progress that the cluster shows again.
 */
export function readable(stored: NamespaceMigrationStatus | undefined): NamespaceMigrationStatus {
  if (stored === undefined) return {};
  const cached = known.get(stored) ?? read(stored);
  known.set(stored, cached);
  return cached;
}
