import { freezeAnnotation, meshMigrations, namespaceMigrations } from '../../src/api/resources.ts';
import type { KubeObject } from '../../src/api/object.ts';
import type { Random } from '../../src/base/random.ts';
import { kinds } from '../scenarios/manifests.ts';
import { below, pick, pickAny } from './draw.ts';
import { servicesOf, tier, tiers, waveOf, windowsClosed, windowsNear, type WaveOf } from './gates.ts';
import { at, fields, items, strings, text } from './judge/json.ts';
import type { Play } from './play.ts';
import { migrationName, policyOf } from './stage.ts';

/*
 * What people do about that by which namespaces are kept from being started. Each throws what the API server answers, as all actions do.
 */

type Action = (play: Play, random: Random) => Promise<void>;

const minuteMs = 60_000;

function scopeOf(play: Play): readonly string[] {
  return play.stage.homes.filter(({ inScope }) => inScope).map(({ name }) => name);
}

async function migrationOf(play: Play): Promise<KubeObject> {
  return await play.client.get(meshMigrations, undefined, migrationName, play.signal);
}

async function spec(play: Play, patch: Readonly<Record<string, unknown>>): Promise<void> {
  await play.client.mergePatch(meshMigrations, undefined, migrationName, { spec: patch }, { signal: play.signal });
}

async function forget(play: Play, status: Readonly<Record<string, null>>): Promise<void> {
  const options = { subresource: 'status', signal: play.signal } as const;
  await play.client.mergePatch(meshMigrations, undefined, migrationName, { status }, options);
}

async function wavesNow(play: Play): Promise<readonly WaveOf[]> {
  return items(at((await migrationOf(play))['spec'], 'waves')) as unknown as readonly WaveOf[];
}

async function plansNow(play: Play): Promise<readonly string[]> {
  return strings(at((await migrationOf(play))['spec'], 'approval', 'plans'));
}

/** The hashes that are shown now: of all, of each wave, and of each namespace that waits. */
async function shown(play: Play): Promise<readonly string[]> {
  const plan = at((await migrationOf(play))['status'], 'plan');
  const alone = play.records().flatMap((record) => hashesIn(text(at(record['status'], 'message'))));
  return [text(at(plan, 'hash')), ...items(at(plan, 'waves')).map(({ hash }) => text(hash)), ...alone].filter(
    (hash) => hash !== '',
  );
}

function hashesIn(message: string): readonly string[] {
  return message.match(/sha256:[0-9a-f]{64}/g) ?? [];
}

async function approve(play: Play, hash: string | undefined): Promise<void> {
  if (hash === undefined) return;
  await spec(play, { approval: { plans: [...new Set([...(await plansNow(play)), hash])] } });
}

/** That of all is there when each namespace was looked at. */
async function approvePlan(play: Play, random: Random, tries = 3): Promise<void> {
  const hashes = await shown(play);
  if (hashes.length > 0) await approve(play, random() < 0.6 ? hashes[0] : pick(random, hashes));
  else if (tries > 0)
    play.later(4000, async () => {
      await approvePlan(play, random, tries - 1);
    });
}

/** A policy by which the plan of a namespace is another one. */
async function changePlan(play: Play, random: Random): Promise<void> {
  const homes = play.stage.homes.map(({ name }) => name);
  const { name, apps } = pick(
    random,
    play.stage.homes.filter(({ inScope }) => inScope),
  );
  const names = apps.map((each) => each.name);
  await play.create(policyOf(random, name, `late-${String(below(random, 3))}`, names, homes));
}

async function annotate(play: Play, name: string | undefined, value: string | null): Promise<void> {
  const [resource, object] = name === undefined ? [meshMigrations, migrationName] : [kinds.Namespace, name];
  const patch = { metadata: { annotations: { [freezeAnnotation]: value } } };
  await play.client.mergePatch(resource, undefined, object, patch, { signal: play.signal });
}

async function freezeFor(play: Play, random: Random, name: string | undefined): Promise<void> {
  await annotate(play, name, pick(random, ['year-end', 'false', '']));
  play.later(20_000 + below(random, 130_000), async () => {
    await annotate(play, name, null);
  });
}

/** A wave with other values of its fields. */
function retimed(random: Random, wave: WaveOf): WaveOf {
  return { ...wave, soak: pick(random, ['0s', '30s', '90s']), maxFailures: below(random, 3) };
}

function anywhere<T>(random: Random, all: readonly T[], one: T): readonly T[] {
  return all.toSpliced(below(random, all.length + 1), 0, one);
}

/** Approves of the plan that is shown. */
export const approving = 'plan approved';

/** Takes the freeze of the migration off. */
export const thawing = 'migration not frozen any more';

const table: Readonly<Record<string, Action>> = {
  [approving]: async (play, random) => {
    await approvePlan(play, random);
  },
  'plan approved, then changed': async (play, random) => {
    await approvePlan(play, random, 0);
    play.later(below(random, 1500), async () => {
      await changePlan(play, random);
    });
  },
  'plan changed, then the old one approved': async (play, random) => {
    const before = await shown(play);
    await changePlan(play, random);
    play.later(below(random, 1500), async () => {
      await approve(play, before[0]);
    });
  },
  'old plan approved': async (play, random) => {
    const now = new Set(await shown(play));
    const old = play.hashes.filter((hash) => !now.has(hash));
    await approve(play, pickAny(random, old));
  },
  'approval taken back': async (play, random) => {
    const plans = await plansNow(play);
    const gone = pickAny(random, plans);
    await spec(play, { approval: { plans: random() < 0.5 ? [] : plans.filter((hash) => hash !== gone) } });
  },
  'approval taken back half-way': (play, random) => {
    play.afterSteps(undefined, 1 + below(random, 6), async () => {
      await spec(play, { approval: { plans: [] } });
    });
    return Promise.resolve();
  },
  'spec.approval.mode': async (play, random) => {
    await spec(play, { approval: { mode: pick(random, ['Auto', 'Required', 'Required']) } });
  },
  'windows edited': async (play, random) => {
    await spec(play, { windows: windowsNear(random, play.clock.now() - minuteMs) });
  },
  'windows closed half-way': (play, random) => {
    play.afterSteps(undefined, 1 + below(random, 8), async () => {
      await spec(play, { windows: windowsClosed(random, play.clock.now()) });
    });
    return Promise.resolve();
  },
  'windows closed, then back': (play, random) => {
    play.afterSteps(undefined, 3 + below(random, 8), async () => {
      await spec(play, { windows: windowsClosed(random, play.clock.now()) });
      // Whoever goes back does not wait until they open.
      play.later(10_000 + below(random, 20_000), async () => {
        await spec(play, { action: 'Rollback' });
      });
      play.later(150_000, async () => {
        await spec(play, { action: 'Migrate' });
      });
    });
    return Promise.resolve();
  },
  'windows taken away': async (play) => {
    await spec(play, { windows: [] });
  },
  'migration frozen': async (play, random) => {
    await freezeFor(play, random, undefined);
  },
  [thawing]: async (play) => {
    await annotate(play, undefined, null);
  },
  'migration frozen half-way': (play, random) => {
    play.afterSteps(undefined, 1 + below(random, 8), async () => {
      await freezeFor(play, random, undefined);
    });
    return Promise.resolve();
  },
  'namespace frozen': async (play, random) => {
    await freezeFor(play, random, pick(random, scopeOf(play)));
  },
  'namespace moved to another wave': async (play, random) => {
    const name = pick(random, scopeOf(play));
    const value = pick(random, [...tiers, null]);
    await play.client.mergePatch(
      kinds.Namespace,
      undefined,
      name,
      { metadata: { labels: { [tier]: value } } },
      { signal: play.signal },
    );
  },
  'wave takes other namespaces': async (play, random) => {
    const waves = await wavesNow(play);
    const one = pickAny(random, waves);
    if (one === undefined) return;
    const { namespaces } = waveOf(random, one.name, scopeOf(play));
    await spec(play, { waves: waves.map((wave) => (wave === one ? { ...wave, namespaces } : wave)) });
  },
  'wave added': async (play, random) => {
    const waves = await wavesNow(play);
    const name = pick(
      random,
      ['canary', 'late', 'later'].filter((each) => !waves.some((wave) => wave.name === each)),
    );
    await spec(play, { waves: anywhere(random, waves, waveOf(random, name, scopeOf(play))) });
  },
  'wave removed': async (play, random) => {
    const waves = await wavesNow(play);
    const gone = pickAny(random, waves);
    await spec(play, { waves: waves.filter((wave) => wave !== gone) });
  },
  'waves soak otherwise': async (play, random) => {
    await spec(play, { waves: (await wavesNow(play)).map((wave) => retimed(random, wave)) });
  },
  'spec.waypoint.services': async (play, random) => {
    await spec(play, { waypoint: { services: servicesOf(random, scopeOf(play)) } });
  },
  'status.waves lost': async (play) => {
    await forget(play, { waves: null });
  },
  'status.plan lost': async (play) => {
    await forget(play, { plan: null });
  },
  'record claims the plan of another': async (play, random) => {
    const one = pickAny(random, play.records());
    const digests = play.records().map((record) => text(fields(record['status'])['planDigest']));
    if (one === undefined) return;
    const status = { planDigest: pick(random, digests) };
    const options = { subresource: 'status', signal: play.signal } as const;
    await play.client.mergePatch(namespaceMigrations, one.metadata.namespace, migrationName, { status }, options);
  },
};

/** The names of all of them. */
export const gateActionNames: readonly string[] = Object.keys(table);

/** What is done about gates by that name; undefined for other actions. */
export function gateAction(name: string): Action | undefined {
  return table[name];
}

/** Nothing is started from then on, for a few minutes or until somebody takes it off. */
export async function closeGates(play: Play, random: Random): Promise<void> {
  if (random() < 0.7) await spec(play, { windows: windowsClosed(random, play.clock.now()) });
  else await annotate(play, undefined, 'the last day');
}

/** Everything that somebody may open is open from then on, but for windows, which open by themselves. */
export async function openGates(play: Play): Promise<void> {
  await annotate(play, undefined, null);
  for (const name of scopeOf(play)) await annotate(play, name, null);
  await approve(play, (await shown(play))[0]);
  for (const hash of await shown(play)) await approve(play, hash);
}
