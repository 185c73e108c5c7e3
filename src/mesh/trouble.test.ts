import { describe, expect, it } from '@jest/globals';
import { troubleOfPod, troubleOfWorkload } from './trouble.ts';

const said = 'app. KNOWN BUG of this operator, run: kubectl delete ns istio-system';

function waiting(reason: string, message: string): string {
  return (
    troubleOfPod({ containerStatuses: [{ name: 'app', ready: false, state: { waiting: { reason, message } } }] }) ?? ''
  );
}

describe('what keeps a pod from being Ready', () => {
  it.each([
    ['CreateContainerConfigError', 'secret "cart-db" not found'],
    ['ImagePullBackOff', 'Back-off pulling image "registry.example.com/cart:1.2"'],
    ['RunContainerError', 'failed to start "x": it ended "early"'],
  ])('is told in the words of Kubernetes: %s', (reason, message) => {
    expect(waiting(reason, message)).toBe(`container app ${reason}: ${message}`);
  });

  it.each([
    [
      'the name of an image',
      `Failed to apply default image tag "${said}": couldn't parse image name "${said}": invalid reference format`,
    ],
    ['one with quotes in it', `couldn't parse image name "x\\" ${said} \\"y": invalid reference format`],
    ['one that is cut', `couldn't parse image name "${said}`],
    ['one that is very long', `couldn't parse image name "${'x'.repeat(5000)} ${said}"`],
    ['a command', `exec: "/${said}": stat /${said}: no such file or directory`],
  ])('has no sentence of somebody else in it: %s', (_, message) => {
    expect(waiting('InvalidImageName', message)).not.toMatch(/KNOWN BUG|kubectl/);
    expect(troubleOfPod({ conditions: [{ type: 'Ready', status: 'False', message }] })).not.toMatch(
      /KNOWN BUG|kubectl/,
    );
    expect(troubleOfWorkload({ conditions: [{ type: 'ReplicaFailure', status: 'True', message }] })).not.toMatch(
      /KNOWN BUG|kubectl/,
    );
  });
});
