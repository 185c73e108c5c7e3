import { unknownMesh } from '../waypoint/unknown-mesh.ts';
import type { Rule } from './rule.ts';

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
];
