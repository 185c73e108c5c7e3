import { celEnvironment, parseCel } from './cel-environment.ts';
import { celRoot, celValue } from './cel-value.ts';
import type { StatusCause } from './errors.ts';
import { asArray, isObject, type JsonObject } from './json.ts';
import { memoize } from '../../../src/base/memoize.ts';
import { memberSchema, type Schema, type SchemaRule } from './schema.ts';
import { itemsByElement, itemElement } from './typed-value.ts';

type Program = (context: Readonly<Record<string, unknown>>) => unknown;

interface CompiledRule {
  readonly rule: SchemaRule;
  readonly program: Program;
  readonly message: Program | undefined;
  /** A transition rule: it compares with the previous value. */
  readonly usesOldSelf: boolean;
}

/** A rule that cannot be compiled: where, and why. */
export interface RuleError {
  readonly path: string;
  readonly message: string;
}

const labels: Readonly<Record<string, string>> = {
  FieldValueInvalid: 'Invalid value',
  FieldValueForbidden: 'Forbidden',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
};

/** The rules of a schema; compiled once for each schema object, whichever server asks. */
export const rulesOf = memoize((root: Schema) => new SchemaRules(root));

/** All rules of a schema. */
class SchemaRules {
  /** Rules that do not compile; the CRD that holds them is refused. */
  readonly errors: readonly RuleError[];
  private readonly compiled = new Map<Schema, readonly CompiledRule[]>();
  /** Schemas that hold rules somewhere below, so that the rest is never walked. */
  private readonly relevant = new Set<Schema>();
  private readonly root: Schema;

  constructor(root: Schema) {
    this.root = root;
    const errors: RuleError[] = [];
    this.compile(root, '', errors);
    this.errors = errors;
  }

  /** Whether there is any rule. */
  get present(): boolean {
    return this.relevant.size > 0;
  }

  /** What the rules say against the object. Parts that did not change are not judged again. */
  validate(object: JsonObject, previous: JsonObject | undefined): readonly StatusCause[] {
    return this.check(object, previous, this.root, '');
  }

  private compile(schema: Schema, path: string, errors: RuleError[]): boolean {
    const rules = (schema['x-kubernetes-validations'] ?? []).flatMap((rule) => this.compileRule(rule, path, errors));
    if (rules.length > 0) this.compiled.set(schema, rules);
    const children: (readonly [Schema, string])[] = Object.entries(schema.properties ?? {}).map(([key, child]) => [
      child,
      childPath(path, key),
    ]);
    if (schema.items !== undefined) children.push([schema.items, `${path}[*]`]);
    if (typeof schema.additionalProperties === 'object') children.push([schema.additionalProperties, `${path}[*]`]);
    const below = children.map(([child, childPath]) => this.compile(child, childPath, errors)).includes(true);
    if (rules.length > 0 || below) this.relevant.add(schema);
    return rules.length > 0 || below;
  }

  private compileRule(rule: SchemaRule, path: string, errors: RuleError[]): readonly CompiledRule[] {
    try {
      const program = parseCel(rule.rule);
      const checked = program.check();
      if (!checked.valid) throw checked.error ?? new Error('the type check failed');
      const message = rule.messageExpression === undefined ? undefined : parseCel(rule.messageExpression);
      return [{ rule, program, message, usesOldSelf: /\boldSelf\b/.test(rule.rule) }];
    } catch (error) {
      errors.push({
        path,
        message: `compilation failed: ERROR: <input>: ${error instanceof Error ? error.message : String(error)}`,
      });
      return [];
    }
  }

  private check(value: unknown, previous: unknown, schema: Schema, path: string): readonly StatusCause[] {
    if (value === undefined || value === null || value === previous || !this.relevant.has(schema)) return [];
    return [...this.checkRules(value, previous, schema, path), ...this.checkBelow(value, previous, schema, path)];
  }

  private checkBelow(value: unknown, previous: unknown, schema: Schema, path: string): readonly StatusCause[] {
    if (Array.isArray(value) && schema.items !== undefined) {
      const { items } = schema;
      return asArray(value).flatMap((item, index) =>
        this.check(item, correlated(item, previous, schema), items, `${path}[${String(index)}]`),
      );
    }
    if (!isObject(value)) return [];
    const before = isObject(previous) ? previous : {};
    return Object.entries(value).flatMap(([key, member]) => {
      const property = memberSchema(schema, key);
      const declared = schema.properties?.[key] !== undefined;
      return property === undefined
        ? []
        : this.check(member, before[key], property, declared ? childPath(path, key) : `${path}[${key}]`);
    });
  }

  private checkRules(value: unknown, previous: unknown, schema: Schema, path: string): readonly StatusCause[] {
    const rules = this.compiled.get(schema);
    if (rules === undefined) return [];
    const seen = (part: unknown): unknown =>
      schema === this.root && isObject(part) ? celRoot(part, schema) : celValue(part, schema);
    const self = seen(value);
    const oldSelf = previous === undefined || previous === null ? undefined : seen(previous);
    return rules.flatMap((compiled) => {
      if (compiled.usesOldSelf && oldSelf === undefined && compiled.rule.optionalOldSelf !== true) return [];
      const cause = this.evaluate(
        compiled,
        { self, oldSelf: this.oldSelf(compiled, oldSelf) },
        value,
        path,
        schema.type ?? '',
      );
      return cause === undefined ? [] : [cause];
    });
  }

  private oldSelf({ rule }: CompiledRule, oldSelf: unknown): unknown {
    if (rule.optionalOldSelf !== true) return oldSelf;
    return oldSelf === undefined
      ? celEnvironment.evaluate('optional.none()')
      : celEnvironment.evaluate('optional.of(value)', { value: oldSelf });
  }

  private evaluate(
    compiled: CompiledRule,
    context: Readonly<Record<string, unknown>>,
    value: unknown,
    path: string,
    type: string,
  ): StatusCause | undefined {
    const { rule } = compiled;
    const field = `${path}${rule.fieldPath ?? ''}`;
    const printed = typeof value === 'object' ? '' : `: ${JSON.stringify(value)}`;
    try {
      if (compiled.program(context) === true) return undefined;
    } catch (error) {
      const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
      return {
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${JSON.stringify(type)}: ${reason} evaluating rule: ${rule.message ?? rule.rule}`,
        field: fieldOrRoot(field),
      };
    }
    const reason = rule.reason ?? 'FieldValueInvalid';
    const shown = reason === 'FieldValueRequired' || reason === 'FieldValueForbidden' ? '' : printed;
    return {
      reason,
      message: `${labels[reason] ?? reason}${shown}: ${messageOf(compiled, context)}`,
      field: fieldOrRoot(field),
    };
  }
}

function childPath(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function fieldOrRoot(field: string): string {
  return field === '' ? '<nil>' : field.replace(/^\./, '');
}

function messageOf({ rule, message }: CompiledRule, context: Readonly<Record<string, unknown>>): string {
  const fixed = rule.message?.trim() ?? `failed rule: ${rule.rule}`;
  if (message === undefined) return fixed;
  try {
    const said = message(context);
    return typeof said === 'string' && said.trim() !== '' ? said : fixed;
  } catch {
    // Upstream falls back to the fixed message as well.
    return fixed;
  }
}

/** The previous version of a list item: only items of list-maps can be told apart. */
function correlated(item: unknown, previous: unknown, schema: Schema): unknown {
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(previous)) return undefined;
  const type = { keys: schema['x-kubernetes-list-map-keys'] ?? [] };
  return itemsByElement(previous, type).get(itemElement(type, item));
}
