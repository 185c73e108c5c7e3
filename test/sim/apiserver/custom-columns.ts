import { ageColumn, nameColumn } from './builtin-columns.ts';
import type { PrinterColumn } from './crd-types.ts';
import { ageOf } from './duration-text.ts';
import { evaluateJsonPath, parseJsonPath } from './json-path.ts';
import type { Column } from './served-resource.ts';

const columnTypes: readonly Column['type'][] = ['string', 'integer', 'number', 'boolean', 'date'];

function cellOf(values: readonly unknown[], type: Column['type'], now: number): unknown {
  const [value] = values;
  if (value === undefined || value === null) return null;
  if (type === 'date') return typeof value === 'string' ? ageOf(value, now) : '<invalid>';
  if (values.length > 1)
    return values.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join(' ');
  if (type === 'string') return typeof value === 'string' ? value : JSON.stringify(value);
  return value;
}

function toColumn(column: PrinterColumn): Column {
  const steps = parseJsonPath(column.jsonPath);
  const type = columnTypes.find((known) => known === column.type) ?? 'string';
  return {
    name: column.name,
    type,
    format: column.format ?? '',
    description: column.description ?? '',
    priority: column.priority ?? 0,
    cell: (object, now) => cellOf(evaluateJsonPath(object, steps), type, now),
  };
}

/** The columns of a custom resource: its name and what the definition adds; the age unless it adds something. */
export function customColumns(added: readonly PrinterColumn[] | undefined): readonly Column[] {
  return [nameColumn, ...(added === undefined || added.length === 0 ? [ageColumn] : added.map(toColumn))];
}
