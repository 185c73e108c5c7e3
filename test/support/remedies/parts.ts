import type { TemplateView } from '../../../src/mesh/views.ts';
import {
  annotateTemplates,
  eachPod,
  eachTemplate,
  eachWorkload,
  inTurn,
  labelNamespace,
  labelTemplates,
} from './deeds.ts';
import type { Deed, RemediesById } from './remedy.ts';

/** Containers of no other mesh. */
const isApplication = (name: string): boolean => name === 'app' || name === 'istio-proxy';

/** The template has nothing that is for the sidecar. */
const withoutParts = inTurn(
  eachTemplate(({ proxyParts: _parts }) => ({ proxyParts: noParts })),
  annotateTemplates({ 'proxy.istio.io/config': null }),
);

const noParts = { containers: [], probing: [], failing: [], calling: [] };

/** Calls may fail, and so only call. */
const mayFail = eachTemplate(({ proxyParts = noParts }: TemplateView) => ({
  proxyParts: { ...proxyParts, failing: [], calling: [...proxyParts.calling, ...proxyParts.failing] },
}));

/** What another mesh reads in a template, and what is there once it is new. */
const leftByMesh: Deed = (given, finding) => {
  const said = /(annotation|label) ([\w./-]+)=(\w+)/.exec(finding.fix);
  if (said === null) throw new Error(`nothing is named: ${finding.fix}`);
  const [, kind, key = '', value = ''] = said;
  const set = { [key]: value };
  return inTurn(
    kind === 'label' ? labelTemplates(set) : annotateTemplates(set),
    eachPod((pod) => [{ ...pod, containers: pod.containers.filter(isApplication) }]),
    eachTemplate(({ otherProxies: _others }) => ({ otherProxies: [] })),
  )(given, finding);
};

const leftByIstio = labelTemplates({ 'istio.io/dataplane-mode': 'none', 'sidecar.istio.io/inject': 'false' });

const offNamespace: Deed = (given, finding) => {
  const key = /^Remove ([\w./-]+) from the namespace first/.exec(finding.fix)?.[1] ?? '';
  const { [key]: _off, ...annotations } = given.namespace.annotations;
  return inTurn(labelNamespace({ [key]: null }), (sofar) => ({
    ...sofar,
    namespace: { ...sofar.namespace, annotations },
  }))(given, finding);
};

/** What stands in templates and pods for the proxy of a mesh. */
export const partRemedies: RemediesById = {
  MM130: {
    ways: [
      { says: 'Remove it from the template', done: withoutParts },
      {
        says: 'let a call to the sidecar fail ("|| true" after it)',
        done: mayFail,
        of: [
          'waiting for the sidecar',
          'a Job that ends its sidecar',
          'the same with a shell of its own',
          'a wrapper of the application',
          'waiting by the agent',
        ],
      },
      {
        says: 'move the workload to a namespace that stays',
        done: inTurn(
          eachWorkload((each) => (each.name === 'api' ? [] : [each])),
          (given) => ({ ...given, otherTemplates: [] }),
        ),
      },
    ],
    besides: [
      'settings of the sidecar may stand in annotations instead (sidecar.istio.io/proxyCPU), an application can wait for what it needs itself',
    ],
  },
  MM142: {
    ways: [
      {
        says: /^Take it out of [\w ]+: (?:annotation|label) /,
        done: leftByMesh,
        then: { MM050: 'where the others have sidecars it is a pod outside the mesh then' },
      },
      {
        says: /^Remove container [\w-]+ and its like from the template/,
        done: eachTemplate(() => ({ otherProxies: [] })),
      },
      {
        says: /Or have Istio leave it alone: labels istio\.io\/dataplane-mode=none and sidecar\.istio\.io\/inject=false in its template/,
        done: leftByIstio,
      },
      { says: /; or leave the namespace out\./, done: 'LeftOut' },
      { says: /^Remove [\w./-]+ from the namespace first/, done: offNamespace },
      {
        says: /; or say no in each template: /,
        done: leftByMesh,
        notFor: { 'by an empty namespace': 'there is no template yet' },
      },
      { says: /Or leave the namespace out\.$/, done: 'LeftOut' },
    ],
    besides: ['Take it out of that mesh first, or leave it out of this one'],
  },
};
