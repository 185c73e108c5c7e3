import type { KubeObject } from '../../../src/api/object.ts';
import type { Json } from '../../../src/mesh/json.ts';

/** `mtls.mode` of a policy; `none` is a policy without `mtls`. */
export type ModeCase = 'none' | 'UNSET' | 'PERMISSIVE' | 'STRICT' | 'DISABLE';

/** Every mode that a policy of the mesh or of a namespace may have; `absent`: there is no such policy. */
export const parentModes: readonly (ModeCase | 'absent')[] = [
  'absent',
  'none',
  'UNSET',
  'PERMISSIVE',
  'STRICT',
  'DISABLE',
];

const workloadModes: readonly ModeCase[] = ['none', 'UNSET', 'PERMISSIVE', 'STRICT', 'DISABLE'];
const portModes = ['UNSET', 'PERMISSIVE', 'STRICT', 'DISABLE'] as const;

/** Modes of up to two ports in every combination. */
const portCases: readonly (readonly (typeof portModes)[number][])[] = [
  [],
  ...portModes.map((mode) => [mode]),
  ...portModes.flatMap((first, index) => portModes.slice(index).map((second) => [first, second])),
];

/** The spec of a PeerAuthentication. */
export function peerSpec(mode: ModeCase, app?: string, ports: readonly string[] = []): Json {
  return {
    ...(app !== undefined && { selector: { matchLabels: { app } } }),
    ...(mode !== 'none' && { mtls: { mode } }),
    ...(ports.length > 0 && {
      portLevelMtls: Object.fromEntries(ports.map((port, index) => [8080 + index, { mode: port }])),
    }),
  };
}

/** Every combination of the mode of a workload and of its ports, each for a workload of its own. */
export const workloadCases: readonly { readonly app: string; readonly spec: Json }[] = workloadModes.flatMap((mode) =>
  portCases.map((ports) => {
    const app = ['w', mode, ...ports].join('-').toLowerCase();
    return { app, spec: peerSpec(mode, app, ports) };
  }),
);

/** The namespace whose policy has this mode. */
export function peerNamespace(mode: ModeCase | 'absent'): string {
  return `peers-${mode.toLowerCase()}`;
}

/** A workload without a pod, which istiod treats as any other. */
export function workloadEntry(namespace: string, app: string, index: number): KubeObject {
  const address = `10.200.${Math.floor(index / 250)}.${(index % 250) + 1}`;
  return { metadata: { namespace, name: app }, spec: { address, labels: { app }, serviceAccount: 'default' } };
}
