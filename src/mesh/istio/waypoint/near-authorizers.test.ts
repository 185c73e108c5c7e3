import { describe, expect, it } from '@jest/globals';
import { counting } from '../../../../test/support/counting.ts';
import { config, mesh, root, surroundings } from '../../../../test/support/mesh-fixtures.ts';
import type { MeshState } from '../../adapter.ts';
import { nearAuthorizersOf } from './near-authorizers.ts';

describe('where external authorizers are asked', () => {
  const providers = Array.from(
    { length: 5 },
    (_, at) => `- {name: a${at}, envoyExtAuthzGrpc: {service: h${at}.local, port: 9000}}`,
  );
  const declared = config(
    'ConfigMap',
    { mesh: `extensionProviders:\n${providers.join('\n')}\n` },
    { name: 'istio', namespace: root },
  );

  it('is read once of ServiceEntries of anybody, however often it is asked', () => {
    let reads = 0;
    const counted = counting(() => {
      reads += 1;
    });
    const entries = counted(
      Array.from({ length: 200 }, (_, at) =>
        config(
          'ServiceEntry',
          { hosts: [`h${at + 2}.local`], endpoints: [{ address: '127.0.0.1' }] },
          { name: `e${at}`, uid: `e${at}`, namespace: 'mallory' },
        ),
      ),
    );
    const all = mesh([declared]);
    const state: MeshState = {
      ...all,
      configs: (kind, home) => (kind === 'ServiceEntry' ? entries : all.configs(kind, home)),
    };
    const near = nearAuthorizersOf(surroundings({ mesh: state }));
    const first = reads;
    for (let asked = 0; asked < 50; asked += 1) nearAuthorizersOf(surroundings({ mesh: state }));

    expect(Object.keys(near).sort()).toEqual(['a2', 'a3', 'a4']);
    expect((reads - first) / 50).toBeLessThan(200);
    expect(first).toBeLessThan(200 * 40);
  });
});
