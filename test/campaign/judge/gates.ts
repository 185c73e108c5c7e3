import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../src/api/object.ts';
import { Beginnings, isStep, journalOf } from './beginnings.ts';
import { at, items, strings, text } from './json.ts';
import { Plans } from './plans.ts';
import { isNamedIn, isSelected } from './scope.ts';
import type { Committed, States } from './states.ts';
import { placeOf, Waves } from './waves.ts';
import { areOpen } from './windows.ts';
import { Wishes, wavesIn, type Wish } from './wishes.ts';

const freeze = 'meshmigration.dev/freeze';

/** How long somebody may go by what was so before: the time of a watch event and a write. */
const graceMs = 5000;

/** The same while requests are late, watches stale, or somebody else leads. */
const troubledMs = 75_000;

/** For so long, undisturbed, nobody has to wait who waits for nothing any more, or goes back. */
const heedMs = 60_000;

/** When something happens, and what keeps the operator from knowing it. */
export interface GateMoments {
  readonly now: () => number;
  readonly isTroubled: () => boolean;
  /** Milliseconds since the epoch. */
  readonly wallClock: () => number;
}

/**
 * What keeps namespaces from being started, as the user guide says it: waves, windows, a freeze, approvals. Nothing is
 * begun that waits for one of these, nobody goes back late by them, and nobody waits for one that is open. It reads what
 * people wrote, what the status showed, and what the operator wrote first in a namespace.
 */
export class Gates {
  readonly #states: States;
  readonly #moments: GateMoments;
  readonly #isOperators: (object: KubeObject | undefined) => boolean;
  readonly #wishes = new Wishes();
  readonly #begun: Beginnings;
  readonly #waves: Waves;
  readonly #plans = new Map<string, Plans>();
  /** Since when a Namespace is frozen, by name. */
  readonly #frozen = new Map<string, number>();
  /** Since when it is frozen no more. */
  readonly #thawed = new Map<string, number>();
  /** Namespaces whose labels have changed, as they were before, and when. */
  readonly #relabelled = new Map<string, { readonly home: KubeObject; readonly at: number }>();
  #disturbedAt = 0;
  #starts = 0;

  constructor(states: States, moments: GateMoments, isOperators: (object: KubeObject | undefined) => boolean) {
    this.#states = states;
    this.#moments = moments;
    this.#isOperators = isOperators;
    this.#begun = new Beginnings(states);
    this.#waves = new Waves(states, this.#begun);
  }

  /** How many namespaces were begun that were judged. */
  get starts(): number {
    return this.#starts;
  }

  /** What is there now was there before the migration. */
  start(): void {
    for (const { metadata } of this.#states.all('Namespace')) this.#state(metadata.name, -Infinity);
  }

  /** Something has changed, whoever did it. */
  committed({ kind, key, before, after }: Committed): void {
    const now = this.#moments.now();
    if (kind === 'MeshMigration') this.#wishes.note(after, now);
    if (kind === 'Namespace') this.#noteFreeze(key, after, now);
    if (kind === 'Namespace' && before === undefined) this.#state(key);
    if (
      kind === 'Namespace' &&
      before !== undefined &&
      !isDeepStrictEqual(before.metadata.labels, after?.metadata.labels)
    )
      this.#relabelled.set(key, { home: before, at: now });
    if (kind === 'AuthorizationPolicy' || kind === 'PeerAuthentication') this.#state(key.split('/')[0] ?? '');
    if (kind !== 'MeshMigration' && kind !== 'NamespaceMigration' && kind !== 'Namespace') return;
    this.#show();
    this.#noteWaves();
  }

  /** A person has written something. */
  edited(change: Committed): void {
    this.#begun.edited(change);
    // Only now it is known whose it is.
    if (change.kind === 'AuthorizationPolicy') this.#state(change.key.split('/')[0] ?? '');
  }

  /** What is begun by a write of the operator, and should not be. */
  written(change: Committed): readonly string[] {
    const { kind, key, after } = change;
    if (kind === 'NamespaceMigration') this.#waves.wrote(key.split('/')[0] ?? '', after);
    const name = this.#begun.written(change);
    const further = name === undefined ? this.#further(change) : [];
    const bad = name === undefined ? [] : this.#tooEarly(name).map((why) => `Gate: ${name} was begun, and ${why}`);
    if (kind === 'NamespaceMigration') this.#noteWaves();
    return [...bad, ...further];
  }

  /** Time has passed: who waits, or does not go back, has a reason. */
  look(): readonly string[] {
    if (this.#moments.isTroubled()) this.#disturbedAt = this.#moments.now();
    this.#noteWaves();
    const wish = this.#wishes.latest;
    if (wish === undefined || this.#calmMs < heedMs) return [];
    return [...this.#notTurned(), ...this.#idle(wish)];
  }

  /** A step forward that is made though a pause holds everything before the next write. */
  #further(change: Committed): readonly string[] {
    const name = change.kind === 'Namespace' ? change.key : (change.key.split('/')[0] ?? '');
    const home = this.#states.get('Namespace', undefined, name);
    if (!isStep(change) || text(at(journalOf(home), 'direction')) !== 'Forward') return [];
    const wishes = this.#wishes.from(this.#moments.now() - this.#graceMs);
    const holds = ['Pause', 'Plan'];
    if (wishes.length === 0 || wishes.some(({ spec }) => !holds.includes(text(at(spec, 'action'))))) return [];
    return [`Gate: ${name} goes on while all is held`];
  }

  get #calmMs(): number {
    return this.#moments.isTroubled() ? 0 : this.#moments.now() - this.#disturbedAt;
  }

  get #graceMs(): number {
    return this.#calmMs > troubledMs ? graceMs : troubledMs;
  }

  #noteWaves(): void {
    const wish = this.#wishes.latest;
    if (wish !== undefined) this.#waves.note(wish, this.#moments.now(), this.#calmMs);
  }

  #noteFreeze(name: string, home: KubeObject | undefined, now: number): void {
    const isFrozen = home?.metadata.annotations?.[freeze] !== undefined;
    if (isFrozen === this.#frozen.has(name)) return;
    if (isFrozen) this.#frozen.set(name, now);
    else this.#frozen.delete(name);
    if (!isFrozen) this.#thawed.set(name, now);
  }

  /** What the owner of a namespace states in it. */
  #state(name: string, now = this.#moments.now()): void {
    const own = (['AuthorizationPolicy', 'PeerAuthentication'] as const)
      .flatMap((kind) => this.#states.all(kind, name))
      .filter((policy) => !this.#isOperators(policy))
      .map((policy) => JSON.stringify([policy.metadata.name, policy['spec']]));
    this.#plansOf(name).state(own.sort().join('\n'), now);
  }

  #plansOf(name: string): Plans {
    const plans = this.#plans.get(name) ?? new Plans();
    this.#plans.set(name, plans);
    return plans;
  }

  /** The hashes that the status shows now, each for those that it is about. */
  #show(): void {
    const wish = this.#wishes.latest;
    const [migration] = this.#states.all('MeshMigration');
    const plan = at(migration?.['status'], 'plan');
    if (wish === undefined) return;
    const waves = wavesIn(wish.spec);
    for (const home of this.#states.all('Namespace')) {
      const { name } = home.metadata;
      const [isIn, isNamed] = [isSelected(wish.spec, home.metadata), isNamedIn(wish.spec, home.metadata)];
      if (!isIn && !isNamed) continue;
      const place = isIn ? placeOf(waves, home) : 0;
      const wave = waves[place]?.name ?? '(others)';
      const ofWave = items(at(plan, 'waves')).find((each) => each['name'] === wave);
      const record = this.#states.get('NamespaceMigration', name, migration?.metadata.name ?? '');
      const alone = text(at(record?.['status'], 'message')).match(/sha256:[0-9a-f]{64}/g) ?? [];
      const hashes = [text(at(plan, 'hash')), text(ofWave?.['hash']), ...alone].filter((hash) => hash !== '');
      this.#plansOf(name).show(new Set(hashes), this.#moments.now(), this.#graceMs > graceMs);
    }
  }

  /** Why a namespace should not begin now, by everything that was wanted a moment ago. */
  #tooEarly(name: string): readonly string[] {
    const now = this.#moments.now();
    const from = now - this.#graceMs;
    const wishes = this.#wishes.from(from);
    if (wishes.length === 0) return [];
    this.#starts += 1;
    const frozenSince = this.#frozen.get(name) ?? Infinity;
    return [
      ...(wishes.some(({ spec }) => text(at(spec, 'action')) === 'Migrate') ? [] : ['nothing is to be migrated']),
      ...(wishes.some(({ isFrozen }) => !isFrozen) ? [] : ['the migration is frozen']),
      ...(frozenSince < from ? ['it is frozen'] : []),
      ...(this.#wereOpen(wishes, from, now) ? [] : ['no window is open']),
      ...this.#unapproved(name, wishes, from),
      ...this.#beforeItsWave(name, wishes, from),
    ];
  }

  #wereOpen(wishes: readonly Wish[], from: number, until: number): boolean {
    const wall = this.#moments.wallClock() - this.#moments.now();
    const seconds = Array.from({ length: Math.ceil((until - from) / 1000) + 1 }, (_, index) => until - index * 1000);
    return wishes.some(({ spec }) => seconds.some((ms) => areOpen(at(spec, 'windows'), wall + ms)));
  }

  #beforeItsWave(name: string, wishes: readonly Wish[], from: number): readonly string[] {
    const now = this.#moments.now();
    const why = this.#homesOf(name, from).flatMap((home) =>
      wishes.map((wish) =>
        isSelected(wish.spec, home.metadata) ? this.#waves.earlier(wish, home, now, now - from) : undefined,
      ),
    );
    return why.includes(undefined) ? [] : [why[0] ?? ''];
  }

  /** The namespace as it is, and as it was a moment ago. */
  #homesOf(name: string, from: number): readonly KubeObject[] {
    const home = this.#states.get('Namespace', undefined, name);
    const before = this.#relabelled.get(name);
    return [...(home === undefined ? [] : [home]), ...(before !== undefined && before.at >= from ? [before.home] : [])];
  }

  #unapproved(name: string, wishes: readonly Wish[], from: number): readonly string[] {
    const homes = this.#homesOf(name, from);
    if (wishes.some((wish) => homes.some((home) => !isRequired(home, wish)))) return [];
    const listed = [...new Set(wishes.flatMap(({ spec }) => strings(at(spec, 'approval', 'plans'))))];
    const plans = this.#plansOf(name);
    const shown = listed.filter((hash) => plans.wasShown(hash));
    if (shown.length === 0) return ['nobody has approved of its plan'];
    return shown.some((hash) => plans.covers(hash, from)) ? [] : ['its plan changed after it was approved of'];
  }

  /** All go back since a while: whoever has not turned waits for something. */
  #notTurned(): readonly string[] {
    const since = this.#wishes.since(({ spec, isDeleted }) => isDeleted || text(at(spec, 'action')) === 'Rollback');
    const wish = this.#wishes.latest;
    const isThere = this.#states.all('MeshMigration').length > 0;
    if (wish === undefined || since === undefined || !isThere || this.#moments.now() - since < heedMs) return [];
    return this.#states.all('Namespace').flatMap((home) => {
      const journal = journalOf(home);
      const isLeft = text(at(journal, 'migration')) !== text(this.#states.all('MeshMigration')[0]?.metadata.name);
      if (isLeft || text(at(journal, 'direction')) !== 'Forward' || at(journal, 'sealed') === true) return [];
      return [`Gate: ${home.metadata.name} is to go back, and does not turn`];
    });
  }

  /** Whoever says that he waits for what is open. */
  #idle(wish: Wish): readonly string[] {
    const now = this.#moments.now();
    const from = now - heedMs;
    if (wish.since > from) return [];
    const wall = this.#moments.wallClock() - now;
    const isOpen = (): boolean =>
      Array.from({ length: heedMs / 1000 + 1 }, (_, index) => wall + now - index * 1000).every((ms) =>
        areOpen(at(wish.spec, 'windows'), ms),
      );
    const approved = strings(at(wish.spec, 'approval', 'plans'));
    return this.#states.all('NamespaceMigration').flatMap((record) => {
      const [name, status] = [record.metadata.namespace ?? '', record['status']];
      const message = text(at(status, 'message'));
      if (!['Pending', 'Paused'].includes(text(at(status, 'phase')))) return [];
      const hashes = message.match(/sha256:[0-9a-f]{64}/g) ?? [];
      const thawedAt = this.#frozen.has(name) ? Infinity : (this.#thawed.get(name) ?? 0);
      const isThawed = !wish.isFrozen && thawedAt <= from;
      return [
        ...(message.includes('window closed') && isOpen() ? ['says that no window is open'] : []),
        ...(hashes.some((hash) => approved.includes(hash)) ? ['waits for an approval that it has'] : []),
        ...(isThawed && message.includes('frozen') ? ['says that it is frozen'] : []),
      ].map((what) => `Gate: ${name} ${what}: ${message}`);
    });
  }
}

/** Whether somebody has to approve of the plan of a namespace, by its wave or by what holds for all. */
function isRequired({ metadata, ...home }: KubeObject, { spec }: Wish): boolean {
  const waves = wavesIn(spec);
  const own = isSelected(spec, metadata) ? (waves[placeOf(waves, { metadata, ...home })]?.approval ?? '') : '';
  return (own === '' ? text(at(spec, 'approval', 'mode')) : own) === 'Required';
}
