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
      'CreateContainerConfigError',
      'container has runAsNonRoot and image has non-numeric user (web), cannot verify user is non-root (pod: "web-1_shop(1f2e)", container: app)',
    ],
    [
      'ErrImagePull',
      'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/x:1": failed to resolve reference "docker.io/library/x:1": docker.io/library/x:1: not found',
    ],
    [
      'ErrImagePull',
      'failed to pull and unpack image "e.example/x:1": failed to resolve reference "e.example/x:1": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
    ],
    ['CrashLoopBackOff', 'back-off 5m0s restarting failed container=app pod=web-1_shop(1f2e)'],
    [
      'RunContainerError',
      'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/bin/x": stat /bin/x: no such file or directory',
    ],
    ['CreateContainerConfigError', "couldn't find key password in Secret shop/cart-db"],
  ])('is told in their words where these are not quoted: %s, %s', (reason, message) => {
    expect(waiting(reason, message)).toBe(
      `container app ${reason}: ${message}`.length > 300
        ? `${`container app ${reason}: ${message}`.slice(0, 300)}...`
        : `container app ${reason}: ${message}`,
    );
  });

  it.each([
    [
      'the user of an image',
      `container has runAsNonRoot and image has non-numeric user (${said}), cannot verify user is non-root`,
      'container app E: container has runAsNonRoot and image has non-numeric user (app.…',
    ],
    [
      'the answer of a registry',
      `pull access denied, repository does not exist: server message: ${said}`,
      'container app E: pull access denied, repository does not exist: server message: app.…',
    ],
    ['a directory', `mkdir /${said}: read-only file system`, 'container app E: mkdir /app.…'],
    [
      'one whose blanks no program knows',
      `image has non-numeric user (${said.replaceAll(' ', '\u2800')})`,
      'container app E: image has non-numeric user (app.…',
    ],
    [
      'one of which a shell makes several words',
      'image has non-numeric user ({kubectl,delete,ns,istio-system}), cannot verify user is non-root',
      'container app E: image has non-numeric user (… cannot verify user is non-root',
    ],
    ['one in marks of its own', `server message: x" ${said} "y`, 'container app E: server message: x"..."y'],
  ])('has no sentence of somebody else in it that nobody has quoted: %s', (_, message, told) => {
    expect(waiting('E', message)).toBe(told);
  });

  it.each([
    [
      'the name of an image',
      `Failed to apply default image tag "${said}": couldn't parse image name "${said}": invalid reference format`,
    ],
    ['one with quotes in it', `couldn't parse image name "x\\" ${said} \\"y": invalid reference format`],
    ['one whose blanks no program knows', `couldn't parse image name "${said.replaceAll(' ', '\u3164')}"`],
    ['one of which a shell makes several words', `couldn't parse image name "{KNOWN BUG,kubectl,delete}"`],
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
