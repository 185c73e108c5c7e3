import type { KubeObject } from '../../../src/api/object.ts';
import type { Condition } from './pod-types.ts';

/** core/v1 ConfigMap. */
export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** core/v1 ResourceQuota. */
export interface ResourceQuota extends KubeObject {
  readonly spec: { readonly hard: Readonly<Record<string, string>> };
  readonly status?: {
    readonly hard?: Readonly<Record<string, string>>;
    readonly used?: Readonly<Record<string, string>>;
  };
}

/** One port of a Service, defaulted. */
export interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly protocol?: string;
  readonly appProtocol?: string;
  /** A number, or the name of a port of the pod. */
  readonly targetPort?: number | string;
}

/** core/v1 Service, defaulted. */
export interface Service extends KubeObject {
  readonly spec: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly clusterIPs?: readonly string[];
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly ServicePort[];
    readonly publishNotReadyAddresses?: boolean;
  };
  readonly status?: { readonly conditions?: readonly Condition[]; readonly [field: string]: unknown };
}

/** One address behind a Service. */
export interface Endpoint {
  readonly addresses: readonly string[];
  readonly conditions: { readonly ready: boolean; readonly serving: boolean; readonly terminating: boolean };
  readonly nodeName?: string;
  readonly targetRef: {
    readonly kind: string;
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
  };
}

/** discovery.k8s.io/v1 EndpointSlice. The API server stores the lists of a slice without endpoints as null. */
export interface EndpointSlice extends KubeObject {
  readonly addressType: 'IPv4';
  readonly endpoints: readonly Endpoint[] | null;
  readonly ports:
    | readonly {
        readonly name: string;
        readonly port: number;
        readonly protocol: string;
        readonly appProtocol?: string;
      }[]
    | null;
}

/** autoscaling/v2 HorizontalPodAutoscaler, defaulted. */
export interface HorizontalPodAutoscaler extends KubeObject {
  readonly spec: {
    readonly scaleTargetRef: { readonly kind: string; readonly name: string };
    readonly minReplicas: number;
    readonly maxReplicas: number;
  };
  readonly status?: {
    readonly currentReplicas?: number;
    readonly desiredReplicas: number;
    readonly conditions?: readonly Condition[];
  };
}
