import type { MeshObjects } from '../../adapter.ts';
import { byTemplates, fromValues, interception, listedIn, type Because, type Template } from './inbound-ports.ts';

/** Outbound connections that a sidecar does not take: they go in plaintext, while ztunnel takes everything. */
export interface LeftAlone {
  readonly because: Because;
  /** Ports that it leaves alone; absent: all but those of `but`, or nobody can tell. */
  readonly ports?: readonly string[];
  readonly but?: readonly string[];
}

/**
 * Annotation of a pod, the value of the injector that counts where the pod says nothing, and what that is by itself.
 */
const settings = {
  excludePorts: ['traffic.sidecar.istio.io/excludeOutboundPorts', 'excludeOutboundPorts', ''],
  includePorts: ['traffic.sidecar.istio.io/includeOutboundPorts', 'includeOutboundPorts', ''],
  excludeRanges: ['traffic.sidecar.istio.io/excludeOutboundIPRanges', 'excludeIPRanges', ''],
  includeRanges: ['traffic.sidecar.istio.io/includeOutboundIPRanges', 'includeIPRanges', '*'],
} as const;

const interfacesAnnotation = 'traffic.sidecar.istio.io/excludeInterfaces';

interface Said {
  readonly value: string;
  readonly because: Because;
}

/** With several injectors all of them count. */
function said(setting: keyof typeof settings, { annotations }: Template, mesh: MeshObjects): readonly Said[] {
  const [annotation, field, otherwise] = settings[setting];
  const value = annotations[annotation];
  return value === undefined ? fromValues(field, otherwise, mesh) : [{ value, because: { annotation } }];
}

/** Addresses of the node alone: no pod and no Service has one. */
function isOfNode(range: string): boolean {
  return (
    range.startsWith('169.254.') || range.startsWith('127.') || range.startsWith('fe80:') || range.startsWith('::1/')
  );
}

function isUnreadable({ value }: Said): boolean {
  return value === 'Unreadable';
}

/**
 * Which outbound connections the sidecar of a pod leaves alone, or would of the pods of a template (istio-iptables:
 * `-o`, `-q`, `-x`, `-i`, `-c`, `-m`).
 */
export function leftAlone(template: Template, mesh: MeshObjects): readonly LeftAlone[] {
  const whole = [interception(template, mesh), byTemplates(template)].flatMap((found): readonly LeftAlone[] =>
    found === undefined ? [] : [{ because: found.because }],
  );
  const but = said('includePorts', template, mesh).flatMap((each) => (isUnreadable(each) ? [] : listedIn(each.value)));
  const ports = said('excludePorts', template, mesh)
    .filter(({ value }) => listedIn(value).length > 0)
    .map((each): LeftAlone => ({ because: each.because, ...(!isUnreadable(each) && { ports: listedIn(each.value) }) }));
  const excluded = said('excludeRanges', template, mesh)
    .filter(({ value }) => !listedIn(value).every(isOfNode))
    .map(({ because }): LeftAlone => ({ because }));
  const included = said('includeRanges', template, mesh)
    .filter(({ value }) => value.trim() !== '*')
    .map(({ because }): LeftAlone => ({ because, but }));
  const interfaces =
    listedIn(template.annotations[interfacesAnnotation] ?? '').length > 0
      ? [{ because: { annotation: interfacesAnnotation } }]
      : [];
  return [...whole, ...ports, ...excluded, ...included, ...interfaces];
}

/** Whether it may leave a connection to one of these ports alone: a Service's, or a pod's. */
export function leaves({ ports, but = [] }: LeftAlone, to: readonly string[]): boolean {
  return ports === undefined
    ? to.length === 0 || to.some((port) => !but.includes(port))
    : to.length === 0 || to.some((port) => ports.includes(port));
}
