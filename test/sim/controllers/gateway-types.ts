import type { KubeObject } from '../../../src/api/object.ts';
import type { Condition, LabelSelector } from './pod-types.ts';

/** One listener of a Gateway, defaulted. */
export interface Listener {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly allowedRoutes?: {
    readonly namespaces?: { readonly from?: 'All' | 'Same' | 'Selector' | 'None'; readonly selector?: LabelSelector };
  };
}

/** What the status says of one listener. */
export interface ListenerStatus {
  readonly name: string;
  readonly supportedKinds: readonly { readonly group: string; readonly kind: string }[];
  readonly attachedRoutes: number;
  readonly conditions: readonly Condition[];
}

/** Status of a Gateway. */
export interface GatewayStatus {
  readonly addresses?: readonly { readonly type: 'IPAddress' | 'Hostname'; readonly value: string }[];
  readonly conditions?: readonly Condition[];
  readonly listeners?: readonly ListenerStatus[];
}

/** gateway.networking.k8s.io/v1 Gateway, as far as a waypoint needs it. */
export interface Gateway extends KubeObject {
  readonly spec: {
    readonly gatewayClassName: string;
    readonly listeners: readonly Listener[];
    readonly infrastructure?: {
      readonly labels?: Readonly<Record<string, string>>;
      readonly annotations?: Readonly<Record<string, string>>;
      readonly parametersRef?: { readonly group: string; readonly kind: string; readonly name: string };
    };
  };
  readonly status?: GatewayStatus;
}

/** gateway.networking.k8s.io/v1 GatewayClass. */
export interface GatewayClass extends KubeObject {
  readonly spec: { readonly controllerName: string };
}

/** One target of a policy. */
export interface TargetReference {
  readonly group?: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** A condition as istiod writes it: protobuf's JSON makes a string of a 64-bit integer. */
export interface IstioCondition extends Omit<Condition, 'observedGeneration'> {
  readonly observedGeneration?: string;
}

/** security.istio.io/v1 AuthorizationPolicy, as far as its targets are concerned. */
export interface AuthorizationPolicy extends KubeObject {
  readonly spec?: {
    readonly action?: string;
    readonly targetRef?: TargetReference;
    readonly targetRefs?: readonly TargetReference[];
    readonly [field: string]: unknown;
  };
  readonly status?: { readonly conditions?: readonly IstioCondition[] };
}
