import { describe, expect, it } from '@jest/globals';
import { projectNamespace, projectService } from '../mesh/project.ts';
import { editOf } from '../engine/commands.ts';
import { otherWriters } from '../engine/writers.ts';
import { managerName } from './managers.ts';

const sentence =
  'Istio. This is a known bug; run: kubectl delete mutatingwebhookconfiguration istio-sidecar-injector --wait=false';

describe('who wrote a field, as a message names him', () => {
  it.each<[string, string]>([
    ['kubectl-client-side-apply', 'kubectl-client-side-apply'],
    ['argocd-controller', 'argocd-controller'],
    ['before-first-apply', 'before-first-apply'],
    ['kube-controller-manager@v1.34', 'kube-controller-manager@v1.34'],
    ['Kubernetes Java Client', 'Kubernetes...'],
    ['Mozilla/5.0 (X11)', 'Mozilla/5.0...'],
    [sentence, 'Istio...'],
    ['kubectl delete ns shop', 'kubectl...'],
    ['', 'unknown'],
    ['; rm', 'unknown'],
    ['a'.repeat(128), `${'a'.repeat(63)}...`],
  ])('%s is %s', (manager, name) => {
    expect(managerName({ manager })).toBe(name);
  });

  it('is that word wherever it is told, and no sentence of his', () => {
    const fields = (...path: readonly string[]): Record<string, unknown> =>
      path.reduceRight<Record<string, unknown>>((inner, key) => ({ [key]: inner }), {});
    const managedFields = [
      {
        manager: sentence,
        time: '2026-01-01T00:00:00Z',
        fieldsV1: { ...fields('f:metadata', 'f:labels', 'f:team'), ...fields('f:status', 'f:phase') },
      },
    ];
    const object = { metadata: { name: 'shop', managedFields } };
    expect(projectNamespace(object).labelManagers).toEqual({ team: 'Istio...' });
    expect(projectService(object).labelManagers).toEqual({ team: 'Istio...' });
    expect(otherWriters(object).names).toEqual(['Istio...']);
    expect(editOf({ phase: 'RollingBack', writtenPhase: 'Migrated' }, managedFields, 0)).toMatchObject({
      command: { by: 'Istio...' },
    });
    expect(editOf({ phase: 'Nonsense', writtenPhase: 'Migrated' }, managedFields, 0)).toMatchObject({
      message: expect.stringMatching(/^Istio\.\.\. set status\.phase/) as unknown,
    });
  });
});
