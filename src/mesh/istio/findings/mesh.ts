import type { Surroundings } from '../../adapter.ts';
import { hiddenRoot, hidingIt } from '../settings/discovery.ts';
import type { Problem } from '../policy/translate/problem.ts';
import { unknownConfiguration } from '../waypoint/unknown-mesh.ts';
import type { Evidence, Rule } from './rule.ts';

function undiscovered({ mesh, namespace: { name, labels } }: Surroundings): readonly Evidence[] {
  return hidingIt(mesh, labels).map((object) => ({
    object: `Namespace ${name}`,
    message: `no discoverySelectors of ${object} select it: istiod knows neither its pods nor its policies`,
  }));
}

function said(problem: Problem | undefined): readonly Evidence[] {
  return problem === undefined ? [] : [{ object: problem.object, message: problem.message, fix: problem.fix }];
}

/** What has to be known of the mesh as a whole before anything else can be. */
export const meshRules: readonly Rule[] = [
  {
    id: 'MM016',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'what cannot be known takes nobody back and keeps nobody from going back' },
    title: 'The mesh configuration is not known',
    isUnknown: true,
    fix: 'Repair the ConfigMap that the message is about.',
    find: (surroundings) => said(unknownConfiguration(surroundings)),
  },
  {
    id: 'MM017',
    severity: 'Critical',
    when: 'Always',
    back: { notAsked: 'istiod sees it no better where it is' },
    title: 'istiod does not see the namespace',
    isUnknown: true,
    fix: 'Give the namespace a label that discoverySelectors of the mesh configuration select, and wait until istiod has read it.',
    find: (surroundings) => [...undiscovered(surroundings), ...said(hiddenRoot(surroundings.mesh))],
  },
];
