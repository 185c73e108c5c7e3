import { z } from 'zod';
import { Duration, DurationOrNone, Time } from './common.ts';

/** How many gates a migration may have. */
export const mostGates = 10;

/** A share that is more than nothing and at most one half. */
const Share = z
  .string()
  .max(8)
  .regex(/^(50|([1-9]|[1-4][0-9])(\.[0-9]{1,3})?|0\.(0{0,2}[1-9][0-9]{0,2}))%$/);

const Query = z.string().min(1).max(2048);

/** How many labels may be added to what a gate asks. */
const mostMatchers = 4;

/** A label that series have to have, and its value. */
export const Matcher = z.object({
  label: z
    .string()
    .max(40)
    .regex(/^[a-zA-Z][a-zA-Z0-9_]*$/)
    .describe('Name of the label.'),
  value: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[ -~]+$/)
    .describe('Its value, exactly.'),
});
export type Matcher = z.infer<typeof Matcher>;

/** What a gate may ask without a query of its own. */
export const GatePreset = z.enum(['ErrorRate', 'Refusals', 'Latency', 'MtlsShare']);
export type GatePreset = z.infer<typeof GatePreset>;

/** What a gate counts. */
export const GateQuery = z
  .object({
    preset: GatePreset.optional().describe(
      'ErrorRate: requests that fail, as callers outside of the namespace see them before and since: HTTP 5xx, no answer, and the failures of gRPC; where none of them tells anything, as the new data plane sees requests, or connections, which is compared with max alone. That traffic of before does not come any more is a failure too. Refusals: who was let in before and is refused since, each calling namespace by itself: by HTTP 401, 403 and what gRPC says of these, as its own proxies see it before and since, and by connections that the new data plane refuses. Latency: requests that take longer than slowerThan, as callers outside of the namespace see them before and since; where none of them tells both, nothing is known. MtlsShare: what comes without mutual TLS, as the new data plane sees it, of calling namespaces of which all came with it before, each by itself; compared with max alone, and for a person to decide (onFail: Pause), because what scrapes is seen only since.',
    ),
    slowerThan: z
      .string()
      .max(8)
      .regex(/^(0\.5ms|[1-9][0-9]{0,5}ms|[1-9][0-9]{0,2}s)$/)
      .optional()
      .describe(
        'Latency: a request that takes longer is slow. One of the bounds of the histogram, which by default are 0.5ms, 1ms, 5ms, 10ms, 25ms, 50ms, 100ms, 250ms, 500ms, 1s, 2500ms, 5s, 10s, 30s, 60s and 300s: where it is none of them, nothing is known.',
      ),
    extraMatchers: z
      .array(Matcher)
      .max(mostMatchers)
      .optional()
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['label'] })
      .describe(
        'Labels that every series of the preset has to have besides, where one Prometheus has series of several clusters, for example. Not those that the preset asks for itself (MM164).',
      ),
    query: Query.optional().describe(
      'PromQL of your own for how many were bad, one number: $namespace stands for the name of the namespace, $range for the length of a piece of time, for example sum(increase(shop_failed_total{namespace="$namespace"}[$range])). Where there is none of it while total is there, none was bad.',
    ),
    total: Query.optional().describe('PromQL for how many there were, in the same way.'),
    max: Share.default('1%').describe('The share of bad ones that is allowed whatever was before.'),
    maxIncrease: Share.optional().describe(
      'How much larger than before the start the share may be. Default: it is compared with max alone.',
    ),
    falseAlarm: Share.default('1%').describe(
      'With which chance at most a namespace that is within the limit fails, however often it is looked at.',
    ),
    miss: Share.default('5%').describe('With which chance at most a namespace that is above the limit passes.'),
    interval: Duration.default('2m').describe(
      'The length of a piece of time, at least four times the scrape interval of Prometheus: what is shorter would count nothing, or guess.',
    ),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: 'has(self.preset) ? !has(self.query) && !has(self.total) : has(self.query) && has(self.total)',
        message: 'give either preset, or query and total',
      },
      {
        rule: "(has(self.preset) && self.preset == 'Latency') == has(self.slowerThan)",
        message: 'slowerThan is what Latency needs, and only that',
      },
      {
        rule: "!has(self.preset) || !(self.preset in ['Refusals', 'Latency']) || has(self.maxIncrease)",
        message: 'Refusals and Latency compare with what was before: give maxIncrease',
      },
      {
        rule: "!has(self.preset) || self.preset != 'MtlsShare' || !has(self.maxIncrease)",
        message: 'MtlsShare is compared with max alone: leave maxIncrease out',
      },
      {
        rule: '!has(self.extraMatchers) || has(self.preset)',
        message: 'extraMatchers are for a preset: write them into a query of your own',
      },
      {
        rule: "!has(self.query) || (self.query.contains('$range') && self.query.contains('$namespace'))",
        message: 'query needs $namespace, and $range as the range of its counters',
      },
      {
        rule: "!has(self.total) || (self.total.contains('$range') && self.total.contains('$namespace'))",
        message: 'total needs $namespace, and $range as the range of its counters',
      },
      {
        rule: "!has(self.interval) || (duration(self.interval) >= duration('1m') && duration(self.interval) <= duration('1h'))",
        message: 'interval must be between 1m and 1h',
      },
    ],
  });

const FiringAlerts = z.object({
  matchers: z
    .array(Matcher)
    .min(1)
    .max(mostMatchers)
    .meta({
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['label'],
      'x-kubernetes-validations': [
        { rule: "!self.exists(m, m.label == 'alertstate')", message: 'alertstate is always firing' },
      ],
    })
    .describe(
      'The labels that an alert has to have, all of them; alertname is the name of its rule. $namespace in a value stands for the name of the namespace: without it every such alert of the cluster counts against each.',
    ),
});

/** One of `spec.gates`. */
export const Gate = z
  .object({
    name: z
      .string()
      .min(1)
      .max(63)
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
      .describe('Name of the gate, for messages and the status.'),
    prometheus: GateQuery.optional().describe(
      'What is counted. Asked of the Prometheus of the operator (--prometheus-url); without one nothing is started (MM164).',
    ),
    alerts: FiringAlerts.optional().describe(
      'Alerts that must not fire, of the rules of the same Prometheus. Those that were there at the start, or had fired within baseline.window before it, do not count. It passes when none fires after the soak, and fails as soon as one does; whether there is a rule for it nobody looks at.',
    ),
    baseline: z
      .object({
        window: Duration.default('24h').describe('How long before the start what was before is read; at most 168h.'),
      })
      .meta({
        'x-kubernetes-validations': [
          {
            rule: "!has(self.window) || (duration(self.window) >= duration('1h') && duration(self.window) <= duration('168h'))",
            message: 'window must be between 1h and 168h',
          },
        ],
      })
      .prefault({})
      .describe('What is compared with.'),
    soak: DurationOrNone.default('10m').describe(
      'How long at least it is looked at, when the last workload is restarted and has been watched (restart.watch), before it passes.',
    ),
    deadline: Duration.default('2h').describe(
      'How long it may take to pass. After that the namespace stays where it is, which is a valid state, gives its slot back and waits for a person (GateUndecided); it goes on by itself when the gate passes.',
    ),
    noData: z
      .enum(['Inconclusive', 'Pass', 'Fail'])
      .default('Inconclusive')
      .describe(
        'What it means that nothing, or too little, was counted. Inconclusive: it waits. Pass: a namespace without traffic passes after the soak (one that had some before, at the deadline), one with too little at the deadline. Fail: either fails at the deadline, and so do missing series. A Prometheus that cannot be asked neither passes nor fails anybody, and missing series pass nobody.',
      ),
    onFail: z
      .enum(['Rollback', 'Pause'])
      .default('Rollback')
      .describe(
        'Rollback: the namespace goes back, unless spec.rollback.automatic is false. Pause: it stops as Failed and waits for a person.',
      ),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: '!has(self.soak) || !has(self.deadline) || duration(self.soak) <= duration(self.deadline)',
        message: 'soak is longer than deadline: nothing could pass in time',
      },
      { rule: 'has(self.prometheus) != has(self.alerts)', message: 'give either prometheus or alerts' },
      {
        rule: "!has(self.prometheus) || !has(self.prometheus.preset) || self.prometheus.preset != 'MtlsShare' || (has(self.onFail) && self.onFail == 'Pause')",
        message: 'MtlsShare cannot tell from a call what scrapes in plaintext, as before: give onFail Pause',
      },
    ],
  });
export type Gate = z.infer<typeof Gate>;

/** A gate that counts; the others hear of alerts. */
export type CountingGate = Gate & { readonly prometheus: NonNullable<Gate['prometheus']> };

/** Whether it counts: what is not about alerts does. */
export function isCounting(gate: Gate): gate is CountingGate {
  return gate.prometheus !== undefined;
}

/** One of `status.gates`. */
export const GateStatus = z.object({
  name: z.string().max(63).describe('Name of the gate.'),
  verdict: z
    .enum(['Pass', 'Fail', 'Inconclusive', 'NoData'])
    .describe('Pass and Fail are shown; Inconclusive: not yet, or not for long enough; NoData: nothing is known.'),
  reason: z
    .string()
    .max(32)
    .describe(
      'BelowLimit, AboveLimit, TrafficLost, TooFew, Soaking, NoTraffic, NoSeries, TooEarly, NoAlert, AlertFiring, or NoTarget, where Prometheus cannot be asked.',
    ),
  bad: z.int().min(0).optional().describe('How many were bad since the restarts, as Prometheus extrapolates it.'),
  total: z
    .int()
    .min(0)
    .optional()
    .describe('How many there were; told anew when there are a tenth more, or more bad ones.'),
  limit: z.string().max(16).optional().describe('The share that was allowed, as a percentage.'),
  observer: z.string().max(32).optional().describe('Who has counted: Callers, Own (the new data plane), or Query.'),
  message: z.string().max(512).describe('The same in a sentence.'),
  since: Time.describe('Since when verdict and reason are these.'),
});
export type GateStatus = z.infer<typeof GateStatus>;
