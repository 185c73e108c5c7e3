import { record, records, text, type Json } from '../../json.ts';

/*
 * Who releases by metrics may leave what is asked to a template that stands elsewhere: Argo Rollouts to one of the whole
 * cluster, Flagger to one of another namespace.
 */

/** Templates that are asked in place of queries of its own. */
export interface Asking {
  /** `KIND NAME`, or `KIND NAMESPACE/NAME`. */
  readonly asks?: readonly string[];
  /** It asks more than are kept. */
  readonly asksMore?: true;
}

/** Templates that are kept of one object. */
const most = 100;

/** Nothing in a cluster has a longer name. */
const longest = 253;

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= longest;
}

function asking(names: readonly string[]): Asking {
  const different = [...new Set(names)];
  if (different.length === 0) return {};
  return { asks: different.slice(0, most), ...(different.length > most && { asksMore: true }) };
}

/** Where a Rollout says what is analysed: in the background, in steps, in experiments, before and after promotion. */
function analysesOf(spec: Json): readonly Json[] {
  const { canary, blueGreen } = record(spec['strategy']);
  const { analysis, steps } = record(canary);
  const { prePromotionAnalysis, postPromotionAnalysis } = record(blueGreen);
  return [
    ...[
      analysis,
      prePromotionAnalysis,
      postPromotionAnalysis,
      ...records(steps).map((step) => step['analysis']),
    ].flatMap((each) => records(record(each)['templates'])),
    ...records(steps).flatMap((step) => records(record(step['experiment'])['analyses'])),
  ];
}

/** Those of a namespace are judged there: which of them are asked says nothing more. */
function ofCluster(references: readonly Json[]): Asking {
  const wide = references.filter(({ clusterScope }) => clusterScope === true);
  const names = wide.map(({ templateName }) => templateName).filter(isName);
  return asking(names.map((name) => `ClusterAnalysisTemplate ${name}`));
}

/** Of a Rollout of Argo. */
export function askedByRollout(spec: Json): Asking {
  return ofCluster(analysesOf(spec));
}

/** Of a template of an analysis, which may be put together from others. */
export function askedByAnalysis(spec: Json): Asking {
  return ofCluster(records(spec['templates']));
}

/** Of a Canary of Flagger, by the metrics of its analysis. */
export function askedByCanary(metrics: readonly Json[]): Asking {
  const references = metrics.map(({ templateRef }) => record(templateRef));
  return asking(
    references.flatMap(({ namespace, name }) =>
      isName(namespace) && isName(name) ? [`MetricTemplate ${namespace}/${name}`] : [],
    ),
  );
}

/** What was kept. */
export function askedIn({ asks, asksMore }: Json): Asking {
  const names = Array.isArray(asks) ? asks.flatMap((name) => text(name) ?? []) : [];
  return { ...(names.length > 0 && { asks: names }), ...(asksMore === true && { asksMore }) };
}
