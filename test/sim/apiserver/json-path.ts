import { asArray, isObject } from './json.ts';

/** One step of a path. */
type Step =
  | { readonly kind: 'Field'; readonly name: string }
  | { readonly kind: 'Index'; readonly index: number }
  | { readonly kind: 'All' }
  | { readonly kind: 'Filter'; readonly path: readonly Step[]; readonly equal: boolean; readonly value: unknown };

const token =
  /^(?:\.(?<field>(?:\\.|[^.[\\])+)|\[(?:'(?<quoted>[^']*)'|"(?<doubled>[^"]*)"|(?<index>-?\d+)|(?<all>\*)|\?\((?<filter>[^)]*)\))\])/;
const comparison = /^@(?<path>[^=!]*?)\s*(?<sign>==|!=)\s*(?<value>.+)$/;

function literal(text: string): unknown {
  const quoted = /^(['"])(.*)\1$/.exec(text.trim());
  if (quoted !== null) return quoted[2];
  return JSON.parse(text.trim());
}

function toStep(groups: Readonly<Record<string, string | undefined>>): Step {
  const { field, quoted, doubled, index, filter } = groups;
  const name = field?.replaceAll(/\\(.)/g, '$1') ?? quoted ?? doubled;
  if (name !== undefined) return name === '*' ? { kind: 'All' } : { kind: 'Field', name };
  if (index !== undefined) return { kind: 'Index', index: Number(index) };
  const compared = filter === undefined ? undefined : comparison.exec(filter.trim())?.groups;
  if (compared === undefined) return { kind: 'All' };
  return {
    kind: 'Filter',
    path: parseJsonPath(compared['path'] ?? ''),
    equal: compared['sign'] === '==',
    value: literal(compared['value'] ?? '""'),
  };
}

/** The steps of a JSONPath as CRD columns use it: fields, quoted fields, indices, wildcards, equality filters. */
export function parseJsonPath(text: string): readonly Step[] {
  const steps: Step[] = [];
  let rest = text;
  while (rest !== '') {
    const match = token.exec(rest);
    if (match?.groups === undefined) throw new SyntaxError(`unrecognized character in JSONPath: ${rest}`);
    steps.push(toStep(match.groups));
    rest = rest.slice(match[0].length);
  }
  return steps;
}

function take(value: unknown, step: Step): readonly unknown[] {
  switch (step.kind) {
    case 'Field':
      return isObject(value) && value[step.name] !== undefined ? [value[step.name]] : [];
    case 'Index':
      return asArray(value).slice(step.index, step.index === -1 ? undefined : step.index + 1);
    case 'All':
      return isObject(value) ? Object.values(value) : asArray(value);
    case 'Filter':
      return asArray(value).filter((item) => {
        const [found] = evaluateJsonPath(item, step.path);
        return found !== undefined && (found === step.value) === step.equal;
      });
  }
}

/** Everything that the path finds. */
export function evaluateJsonPath(value: unknown, steps: readonly Step[]): readonly unknown[] {
  return steps.reduce<readonly unknown[]>((values, step) => values.flatMap((item) => take(item, step)), [value]);
}
