import type { KubeObject } from '../../src/api/object.ts';
import { celEnvironment } from '../sim/apiserver/cel-environment.ts';

type Json = Readonly<Record<string, unknown>>;

/** What an API server asks a policy about. */
export interface Admission {
  readonly user: string;
  readonly operation: 'CREATE' | 'UPDATE';
  readonly kind: string;
  readonly subresource?: string;
  readonly object: Json;
  readonly oldObject?: Json;
}

interface Validation {
  readonly expression: string;
  readonly message: string;
  readonly messageExpression?: string;
}

interface Spec {
  readonly variables: readonly { readonly name: string; readonly expression: string }[];
  readonly validations: readonly Validation[];
}

type Program = (context: Json) => unknown;

const programs = new Map<string, Program>();

/** Compiled once: one policy is asked about many requests. */
function programOf(expression: string): Program {
  const known = programs.get(expression);
  if (known !== undefined) return known;
  const program = celEnvironment.parse(expression) as Program;
  programs.set(expression, program);
  return program;
}

/** Integers as CEL has them. */
function celValue(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(celValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, celValue(member)]));
}

/** The request as policies see it: what is empty is absent. */
function requestOf({ user, operation, kind, subresource, object }: Admission): Json {
  const { name, namespace } = object['metadata'] as KubeObject['metadata'];
  return {
    userInfo: { username: user },
    operation,
    kind: { kind },
    name,
    ...(namespace !== undefined && { namespace }),
    ...(subresource !== undefined && { subResource: subresource }),
  };
}

/**
 * The message with which a ValidatingAdmissionPolicy denies a request; undefined if it admits it. Variables are
 * computed when they are used.
 */
export function denial(policy: KubeObject, admission: Admission): string | undefined {
  const { variables, validations } = policy['spec'] as Spec;
  const object = celValue(admission.object);
  const oldObject = celValue(admission.oldObject ?? null);
  const known: Record<string, unknown> = {};
  const context = { object, oldObject, request: requestOf(admission), variables: known };
  for (const { name, expression } of variables) {
    Object.defineProperty(known, name, {
      enumerable: true,
      configurable: true,
      get: () => programOf(expression)(context),
    });
  }
  const failed = validations.find(({ expression }) => programOf(expression)(context) !== true);
  if (failed === undefined) return undefined;
  return failed.messageExpression === undefined ? failed.message : String(programOf(failed.messageExpression)(context));
}
