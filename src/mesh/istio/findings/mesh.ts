import type { Surroundings } from '../../adapter.ts';
import { selects } from '../../views.ts';
import { configuredSo } from '../mesh-settings.ts';
import { selectorOf } from '../next-mode.ts';
import { unknownMesh } from '../waypoint/unknown-mesh.ts';
import type { Evidence, Rule } from './rule.ts';

/** istiod sends nothing of a namespace that none of its `discoverySelectors` selects (pkg/kube/namespace/filter.go): ztunnel knows no workload there, and no policy. */
function undiscovered({ mesh, namespace: { name, labels } }: Surroundings): readonly Evidence[] {
  const hiding = configuredSo(mesh, ({ discoverySelectors }) => discoverySelectors.length > 0 && !discoverySelectors.some((selector) => selects(selectorOf(selector), labels)));
  return hiding.map((object) => ({ object: `Namespace ${name}`, message: `no discoverySelectors of ${object} select it: istiod knows neither its pods nor its policies` }));
}

/** What has to be known of the mesh as a whole before anything else can be. */
export const meshRules: readonly Rule[] = [
  {
    id: 'MM016', severity: 'Critical', when: 'Always', title: 'The mesh configuration is not known', isUnknown: true,
    fix: 'Repair the ConfigMap that the message is about.',
    find: (surroundings) => {
      const problem = unknownMesh(surroundings);
      return problem === undefined ? [] : [{ object: problem.object, message: problem.message, fix: problem.fix }];
    },
  },
  {
    id: 'MM017', severity: 'Critical', when: 'Always', title: 'istiod does not see the namespace', isUnknown: true,
    fix: 'Give the namespace a label that discoverySelectors of the mesh configuration select, and wait until istiod has read it.',
    find: undiscovered,
  },
];
