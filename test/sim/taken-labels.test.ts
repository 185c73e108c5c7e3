import { describe, expect, it } from '@jest/globals';
import { meshMigrations, originalLabelsAnnotation } from '../../src/api/resources.ts';
import { ambientShop, back, madeByRole, waypointAllowsGet, waypointDeniesDelete } from '../scenarios/http-back.ts';
import { kinds, object } from '../scenarios/manifests.ts';
import { service } from '../scenarios/waypoint-world.ts';
import type { World } from '../scenarios/world.ts';
import { podBehaviour } from '../support/test-cluster.ts';
import { runOnSimulation } from './run-scenario.ts';

/*
 * Behind a waypoint that was left, sidecars enforce copies of what it enforced. A label that somebody takes off says nothing about that: none of them goes.
 */

const useWaypoint = 'istio.io/use-waypoint';
const everything = { SidecarCopy: 2, SidecarAllow: 1, SidecarGuard: 1 };
const httpPort = { ports: [{ name: 'http', port: 80, targetPort: 8080 }] };

type Act = (world: World) => Promise<void>;

async function labels(world: World, value: string | null, annotations = {}): Promise<void> {
  await world.patch('Service', world.ns(), 'api', { metadata: { labels: { [useWaypoint]: value }, annotations } });
}

async function takesLabel(world: World): Promise<void> {
  await labels(world, null);
}

async function takesAll(world: World): Promise<void> {
  await labels(world, null, { [originalLabelsAnnotation]: null });
}

async function takesNamespaceLabel(world: World): Promise<void> {
  await world.patch('Namespace', undefined, world.ns(), { metadata: { labels: { [useWaypoint]: null } } });
}

async function replaces(world: World, awayMs = 0): Promise<void> {
  await world.delete(kinds.Service, world.ns(), 'api');
  await world.pause(awayMs);
  await world.create(service(world.ns(), 'api', {}, httpPort));
}

async function begin(world: World, { wholeNamespace = false, overrides = {} } = {}): Promise<void> {
  const home = world.ns();
  await ambientShop(world, [waypointAllowsGet(home), waypointDeniesDelete(home)], { wholeNamespace });
  const slow = { metadata: { annotations: { [podBehaviour.readyAfterMs]: '4000' } } };
  await world.patch('Deployment', home, 'api', { spec: { template: slow } });
  await world.pause(15_000);
  await world.create(await back(world, overrides));
}

async function rested(world: World): Promise<void> {
  await begin(world);
  await world.childPhase('Migrated');
  await world.pause(5000);
}

async function halfWay(world: World, overrides = {}): Promise<void> {
  await begin(world, { overrides });
  await world.eventually('half-way', async () => (((await world.modes()).Sidecar ?? 0) >= 1 ? true : undefined));
}

async function stalled(world: World): Promise<string> {
  const { status } = await world.child();
  const found = status?.conditions?.find(({ type }) => type === 'Stalled');
  return `${found?.status === 'True' ? found.reason : 'no'}: ${status?.message ?? ''}`;
}

const command = (value: string): string => `kubectl label service api -n NS --overwrite ${useWaypoint}${value}`;

async function alone(name: string, run: Act): Promise<void> {
  await runOnSimulation({ name, podsOutside: true, disturbs: true, run });
}

/** Runs it, and at each half second afterwards everything that was made is there. */
async function told(name: string, prepare: Act, act: Act, then?: Act): Promise<string> {
  let said = '';
  await alone(name, async (world) => {
    await prepare(world);
    await act(world);
    for (let at = 0; at < 60; at += 1) {
      await world.pause(500);
      expect(await madeByRole(world)).toEqual(everything);
    }
    said = (await stalled(world)).replaceAll(world.ns(), 'NS');
    await then?.(world);
  });
  return said;
}

/** What the message says, and all is well again. */
function putsBack(value: string): Act {
  return async (world) => {
    await labels(world, value);
    await world.eventually('nothing is said any more', async () =>
      (await stalled(world)).startsWith('no:') ? true : undefined,
    );
    await world.childPhase('Migrated');
    expect(await madeByRole(world)).toEqual(everything);
    await world.edit({ action: 'Finalize' });
    await world.childPhase('Finalized');
    expect(await madeByRole(world)).toEqual(everything);
  };
}

describe('a label that is taken off after the way out of ambient', () => {
  it.each<[string, Act]>([
    ['the label', takesLabel],
    ['the label with the record of it', takesAll],
    ['the Service is replaced', replaces],
    ['the Service is replaced and away for a while', async (world) => replaces(world, 10_000)],
    ['another waypoint', async (world) => labels(world, 'other')],
  ])('is foreign, and what protects the pods stays: %s', async (_what, act) => {
    const said = await told('taken', rested, act, putsBack('none'));
    expect(said).toContain('ForeignChange: labels of Service NS/api were changed by someone else');
    expect(said).toContain(command('=none'));
  });

  it('is foreign where it was the one of the namespace', async () => {
    const said = await told(
      'taken-ns',
      async (world) => {
        await begin(world, { wholeNamespace: true });
        await world.childPhase('Migrated');
        await world.pause(5000);
      },
      takesNamespaceLabel,
    );
    expect(said).toContain(
      `ForeignChange: labels of the namespace were changed by someone else: ${useWaypoint} is absent`,
    );
  });

  it('leaves a Service that is deleted what protects its pods, for as long as there are some', async () => {
    const said = await told(
      'deleted',
      rested,
      async (world) => world.delete(kinds.Service, world.ns(), 'api'),
      async (world) => {
        await world.delete(kinds.Deployment, world.ns(), 'api');
        await world.eventually('nothing is left', async () =>
          Object.keys(await madeByRole(world)).length === 0 ? true : undefined,
        );
      },
    );
    expect(said).toMatch(/^no:/);
  });
});

describe('a label that is taken off on the way out of ambient', () => {
  it.each<[string, Act]>([
    ['the label', takesLabel],
    ['the Service is replaced', replaces],
  ])('is foreign half-way, and goes on when it is put back: %s', async (_what, act) => {
    const said = await told('half-way', halfWay, act, putsBack('waypoint'));
    expect(said).toContain('ForeignChange: labels of Service NS/api were changed by someone else');
    expect(said).toContain(command('=waypoint'));
  });

  it('is said while it is paused', async () => {
    const said = await told(
      'paused',
      async (world) => {
        await halfWay(world);
        await world.command('Paused', world.ns());
        await world.childPhase('Paused');
      },
      takesLabel,
    );
    expect(said).toContain(command('=waypoint'));
    expect(said).toContain('Paused: ');
  });

  it('is said while it is out of the scope', async () => {
    const said = await told(
      'lost',
      async (world) => {
        await halfWay(world, { rollback: { onScopeLost: 'Hold' } });
        await world.edit({ namespaces: { names: ['another'] } });
        await world.pause(2000);
      },
      takesLabel,
    );
    expect(said).toContain('ScopeLost: ');
    expect(said).toContain(command('=waypoint'));
  });

  it('is said after it has failed', async () => {
    const said = await told(
      'failed',
      async (world) => {
        await halfWay(world, { rollback: { automatic: false }, restart: { progressDeadline: '20s' } });
        const broken = { metadata: { annotations: { [podBehaviour.readyAfterMs]: '9000000' } } };
        await world.patch('Deployment', world.ns(), 'web', { spec: { template: broken } });
        await world.childPhase('Failed');
      },
      takesLabel,
    );
    expect(said).toContain(command('=waypoint'));
  });

  it.each<[string, Act]>([
    ['the label', takesLabel],
    ['the Service is replaced', replaces],
  ])('holds a rollback before pods lose what protects them: %s', async (_what, act) => {
    const said = await told(
      'going-back',
      async (world) => {
        await rested(world);
        await world.command('RollingBack', world.ns());
        await world.eventually('its label is back', async () =>
          (await world.child()).status?.step === 'RestoreLabels' ? true : undefined,
        );
      },
      act,
      async (world) => {
        await world.modesAre({ Sidecar: 3 });
        await labels(world, 'waypoint');
        await world.childPhase('RolledBack');
        await world.modesAre({ Ambient: 3 });
        expect(await madeByRole(world)).toEqual({});
      },
    );
    expect(said).toContain('RollbackStuck: labels of Service NS/api were changed by someone else');
    expect(said).toContain(command('=waypoint'));
  });
});

/** At rest, and the waypoint is cleared away. */
async function clearedAway(world: World): Promise<void> {
  await rested(world);
  await world.delete(kinds.Gateway, world.ns(), 'waypoint');
  await world.pause(20_000);
}

describe('a waypoint that is cleared away after the way out of ambient', () => {
  it('keeps nobody from finalizing: its copies stand in for it', async () => {
    const said = await told('cleared', clearedAway, () => Promise.resolve(), putsBack('none'));
    expect(said).toMatch(/^no:/);
  });

  it('keeps nobody from finalizing when its policies have gone with it', async () => {
    await alone('all-cleared', async (world) => {
      await clearedAway(world);
      for (const name of ['readers', 'no-delete']) await world.delete(kinds.AuthorizationPolicy, world.ns(), name);
      await world.eventually('nothing is copied any more', async () =>
        Object.keys(await madeByRole(world)).length === 0 ? true : undefined,
      );
      await world.edit({ action: 'Finalize' });
      await world.childPhase('Finalized');
    });
  });

  it('keeps nobody from deleting the migration and leaving all as it is', async () => {
    await alone('left', async (world) => {
      await clearedAway(world);
      await world.edit({ action: 'Finalize', rollback: { onDelete: 'Leave' } });
      await world.delete(meshMigrations, undefined, world.name);
      await world.gone(meshMigrations, undefined, world.name);
      await world.modesAre({ Sidecar: 3 });
      expect(await madeByRole(world)).toEqual(everything);
    });
  });

  it('has its policies followed while it is gone', async () => {
    await alone('followed', async (world) => {
      await clearedAway(world);
      await world.create(
        object('AuthorizationPolicy', world.ns(), 'emergency', {
          targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'waypoint' }],
          action: 'DENY',
          rules: [{ to: [{ operation: { paths: ['/admin'] } }] }],
        }),
      );
      await world.eventually('its copy', async () =>
        (await madeByRole(world))['SidecarCopy'] === 3 ? true : undefined,
      );
    });
  });

  it('is to be created again when a label was taken off as well, or the label is put back', async () => {
    const said = await told('cleared-taken', clearedAway, takesLabel, putsBack('none'));
    expect(said).toContain(command('=none'));
    expect(said).not.toContain('take the label off');
  });

  it('is missed while pods have no sidecar, and the remedy is no label', async () => {
    await alone('missed', async (world) => {
      await halfWay(world, { rollback: { automatic: false } });
      await world.delete(kinds.Gateway, world.ns(), 'waypoint');
      await world.childPhase('Failed');
      const finding = (await world.child()).status?.findings?.find(({ id }) => id === 'MM089');
      expect(finding?.fix).toBe(
        'Create the Gateway again. It may go when every pod has its sidecar and no Service is bound to it any more.',
      );
    });
  });
});
