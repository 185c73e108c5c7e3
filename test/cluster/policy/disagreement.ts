import type { KubeObject } from '../../../src/api/object.ts';

/** Something that istiod does otherwise than the model says. */
export interface Disagreement {
  /** `namespace/name` of the policy; empty where no single one is to blame. */
  readonly policy: string;
  readonly where: string;
  readonly sent: unknown;
  readonly model: unknown;
}

/** With the policy itself, so that it can be put into the corpus. */
export function describeDisagreement(
  { policy, where, sent, model }: Disagreement,
  objects: ReadonlyMap<string, KubeObject>,
): string {
  const object = objects.get(policy);
  const { annotations, namespace, name } = object?.metadata ?? {};
  return [
    `${where}: ${policy}`,
    ...(object === undefined
      ? []
      : [`  policy: ${JSON.stringify({ metadata: { namespace, name, annotations }, spec: object['spec'] })}`]),
    `  sent:   ${readable(sent)}`,
    `  model:  ${readable(model)}`,
  ].join('\n');
}

function readable(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** Compares two maps of texts; `policyOf` names whom a key belongs to. */
export function compareMaps(
  where: string,
  sent: ReadonlyMap<string, string>,
  model: ReadonlyMap<string, string>,
  policyOf: (key: string) => string,
): readonly Disagreement[] {
  const keys = new Set([...sent.keys(), ...model.keys()]);
  return [...keys]
    .filter((key) => sent.get(key) !== model.get(key))
    .map((key) => ({ policy: policyOf(key), where: `${where} ${key}`, sent: sent.get(key), model: model.get(key) }));
}
