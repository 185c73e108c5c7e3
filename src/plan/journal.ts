import { z } from 'zod';
import { DataPlane } from '../api/common.ts';
import { WaypointName } from '../api/mesh-migration-options.ts';
import { ItineraryName } from '../api/namespace-migration.ts';
import { journalAnnotation } from '../api/resources.ts';
import type { LabelTargets, Route } from '../mesh/adapter.ts';
import type { CallersBefore, UnseenBefore } from '../mesh/others.ts';
import { list, record, strings, text, type Json } from '../mesh/json.ts';
import type { NamespaceView } from '../mesh/views.ts';
import { callersIn, heldIn, unseenIn } from './remembered.ts';

/** Why an attempt failed. */
interface JournalFailure {
  readonly reason: string;
  readonly message: string;
  readonly at: string;
}

/**
 * What the operator believes of a namespace that it has started. It stands in an annotation of the Namespace, because
 * whoever may edit everything inside the namespace cannot write there; the status is made from it at every look.
 */
export interface Journal {
  /** Name of the MeshMigration. */
  readonly migration: string;
  /** uid of the Namespace: a copy of its manifest, or a backup of it, takes the annotation along to another. */
  readonly home?: string;
  /** uid of the MeshMigration that started it: it names the restarts, also when one of the same name has taken over. */
  readonly uid: string;
  readonly route: Route;
  readonly attempt: number;
  /**
   * The attempt in which it left its old data plane, where it has gone on from rest since: restarts of all of them are
   * taken back together.
   */
  readonly first?: number;
  readonly direction: 'Forward' | 'Backward';
  readonly itinerary: ItineraryName;
  /**
   * Name of the user's waypoint that it uses instead of one that the operator makes; what is no such name makes all of
   * it unreadable, because the waypoint would be taken for ours.
   */
  readonly waypoint?: string;
  readonly capturedAt: string;
  /** The labels before the first change: a rollback restores exactly these. */
  readonly labels: LabelTargets;
  /** The same labels as the operator last set or accepted them. */
  readonly set: LabelTargets;
  /** Something of the namespace has been changed since: its labels as they are now are never again those of before. */
  readonly changed?: true;
  /** It has got to the end of its way: at rest in its new data plane, or all of it is back. */
  readonly arrived?: true;
  /** On the way back: it was at rest when that was begun, so it is so again where the rollback is taken back. */
  readonly rested?: true;
  /** Who commanded this namespace back. */
  readonly by?: { readonly name: string; readonly at: string };
  readonly failure?: JournalFailure;
  /**
   * Labels that Services had before they were bound or unbound, by Service: their annotation says the same, and whoever
   * replaces a Service takes that away.
   */
  readonly services?: Readonly<Record<string, LabelTargets>>;
  /** Names of the Services that the migration asked a waypoint for: taken once, with the labels. */
  readonly requested?: readonly string[];
  /** Who was not seen by the sidecars of before: taken once, with the labels. */
  readonly unseen?: UnseenBefore;
  /** Who called what refuses sidecars: taken with each attempt. */
  readonly callers?: CallersBefore;
  /** Marks of what would have held a way back at the start: taken once, with the labels. */
  readonly heldBefore?: readonly string[];
}

/** As much as an annotation of ours may take of the 256 KiB that all of an object have together. */
export const maxJournalBytes = 32_768;

const maxMessage = 1024;
const shortMessage = 256;

/** As it is written: Services that had the same labels stand together. */
type WrittenServices = readonly (readonly [LabelTargets, ...string[]])[];

function servicesIn(value: unknown): Journal['services'] {
  const groups = list(value).map(list);
  const entries = groups.flatMap(([labels, ...names]) =>
    strings(names).map((name) => [name, labelsIn(labels)] as const),
  );
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function servicesOut(services: Journal['services'] = {}): WrittenServices {
  const groups = new Map<string, [LabelTargets, ...string[]]>();
  for (const [name, labels] of Object.entries(services).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const key = JSON.stringify(sorted(labels));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [sorted(labels), name]);
    else group.push(name);
  }
  return [...groups.values()];
}

function labelsIn(value: unknown): LabelTargets {
  return Object.fromEntries(
    Object.entries(record(value))
      .slice(0, 16)
      .map(([key, member]) => [key, text(member) ?? null]),
  );
}

function failureIn(value: unknown): JournalFailure | undefined {
  const { reason, message, at } = record(value);
  if (typeof reason !== 'string' || typeof at !== 'string') return undefined;
  return { reason: reason.slice(0, 128), message: (text(message) ?? '').slice(0, maxMessage), at };
}

function byIn(value: unknown): Journal['by'] {
  const { name, at } = record(value);
  return typeof name === 'string' && typeof at === 'string' ? { name: name.slice(0, 128), at } : undefined;
}

/** What stands there where it is so, and is left out else. */
function saidTrue(json: Json): Pick<Journal, 'changed' | 'arrived' | 'rested'> {
  const said = (['changed', 'arrived', 'rested'] as const).filter((each) => json[each] === true);
  return Object.fromEntries(said.map((each) => [each, true as const]));
}

const Written = z.object({
  migration: z.string(),
  home: z.string().optional(),
  uid: z.string(),
  from: DataPlane,
  to: DataPlane,
  attempt: z.int().min(1),
  first: z.int().min(1).optional(),
  direction: z.enum(['Forward', 'Backward']),
  itinerary: ItineraryName,
  waypoint: WaypointName.optional(),
  capturedAt: z.string(),
});

function fromJson(json: Json): Journal | undefined {
  const written = Written.safeParse(json);
  if (!written.success) return undefined;
  const { from, to, first, home, waypoint, ...rest } = written.data;
  const by = byIn(json['by']);
  const failure = failureIn(json['failure']);
  const services = servicesIn(json['services']);
  const [unseen, heldBefore] = [unseenIn(json['unseen']), heldIn(json['heldBefore'])];
  const requested = strings(json['requested']);
  const callers = callersIn(json['callers']);
  return {
    ...rest,
    ...(home !== undefined && { home }),
    ...(first !== undefined && { first }),
    ...(waypoint !== undefined && { waypoint }),
    ...(services && { services }),
    ...(requested.length > 0 && { requested }),
    ...(unseen && { unseen }),
    ...(heldBefore && { heldBefore }),
    ...(callers && { callers }),
    route: { from, to },
    labels: labelsIn(json['labels']),
    set: labelsIn(json['set']),
    ...saidTrue(json),
    ...(by && { by }),
    ...(failure && { failure }),
  };
}

const known = new WeakMap<NamespaceView, { readonly journal: Journal | undefined }>();

/**
 * The journal on a namespace; undefined if there is none, what stands there cannot be read, or it is that of another
 * namespace.
 */
export function journalOn(namespace: NamespaceView): Journal | undefined {
  const cached = known.get(namespace);
  if (cached !== undefined) return cached.journal;
  const read = readJournal(namespace.annotations[journalAnnotation]);
  const journal = read?.home === undefined || read.home === namespace.uid ? read : undefined;
  known.set(namespace, { journal });
  return journal;
}

function readJournal(raw: string | undefined): Journal | undefined {
  if (raw === undefined || Buffer.byteLength(raw) > maxJournalBytes) return undefined;
  try {
    return fromJson(record(JSON.parse(raw)));
  } catch {
    return undefined; // Somebody wrote something else there.
  }
}

/** The text of the annotation: the same journal always has the same. */
export function journalText(journal: Journal): string {
  const whole = asText(journal, maxMessage);
  if (fits(whole)) return whole;
  const short = asText(journal, shortMessage);
  if (fits(short)) return short;
  // Who called is asked of policies again; what a Service was, of nobody else once its annotation is gone.
  const { callers: _callers, ...forgetful } = journal;
  const [some = {}, most = {}] = [journal, forgetful].map(someOf);
  const enough = Math.min(leastServices, Object.keys(journal.services ?? {}).length);
  const text = asText({ ...journal, services: some }, shortMessage);
  const isEnough = Object.keys(some).length >= enough && fits(text);
  return isEnough ? text : asText({ ...forgetful, services: most }, shortMessage);
}

function fits(text: string): boolean {
  return Buffer.byteLength(text) <= maxJournalBytes;
}

/** Fewer are not kept for the sake of who called. */
const leastServices = 250;

/** As many Services as fit, the first ones, hundreds at least: of the others only their annotation tells. */
function someOf(journal: Journal): NonNullable<Journal['services']> {
  const services = Object.entries(journal.services ?? {});
  let [least, most] = [0, services.length];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (fits(asText({ ...journal, services: Object.fromEntries(services.slice(0, middle)) }, shortMessage)))
      least = middle;
    else most = middle - 1;
  }
  return Object.fromEntries(services.slice(0, least));
}

function asText({ route, failure, by, services, ...rest }: Journal, room: number): string {
  const {
    migration,
    home,
    uid,
    attempt,
    first,
    direction,
    itinerary,
    waypoint,
    capturedAt,
    labels,
    set,
    changed,
    arrived,
    rested,
    unseen,
    heldBefore,
    callers,
  } = rest;
  const kept = servicesOut(services);
  return JSON.stringify({
    migration,
    home,
    uid,
    ...route,
    attempt,
    first,
    direction,
    itinerary,
    waypoint,
    capturedAt,
    labels: sorted(labels),
    set: sorted(set),
    changed,
    arrived,
    rested,
    ...(kept.length > 0 && { services: kept }),
    requested: rest.requested,
    unseen: unseen && { namespaces: unseen.namespaces, policies: unseen.policies, called: unseen.called },
    heldBefore,
    callers: callers && { of: callers.of, named: callers.named, seen: callers.seen },
    by: by && { name: by.name.slice(0, 128), at: by.at },
    failure: failure && { reason: failure.reason, message: failure.message.slice(0, room), at: failure.at },
  });
}

function sorted(labels: LabelTargets): LabelTargets {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * What the MeshMigration keeps of an attempt that goes back, from its beginning on, as far as journals are judged by
 * it.
 */
interface GoneBack {
  readonly attempt: number;
  readonly reason: string;
  readonly at: string;
  readonly by?: string | undefined;
  readonly over?: boolean | undefined;
}

/**
 * Whether the journal arrived when its attempt was over: the write that started it was held up, another took its place,
 * and that attempt went back. An attempt that goes back is never turned round, and the next one has a higher number.
 */
export function isLate({ direction, attempt }: Journal, returned: GoneBack | undefined): boolean {
  return direction === 'Forward' && returned?.over === true && attempt <= returned.attempt;
}

/**
 * What a journal is worth beside that. An attempt that goes back is never turned round: a journal from before its way
 * back, out of a backup or an older manifest, tells what the labels were and not where it goes; `now` are the labels of
 * the namespace. Undefined for one that is late, or of an attempt before: that is not the one to be taken back.
 */
export function journalBeside(
  journal: Journal,
  returned: GoneBack | undefined,
  now: LabelTargets = {},
): Journal | undefined {
  if (isLate(journal, returned)) return undefined;
  if (
    returned === undefined ||
    returned.over === true ||
    journal.direction === 'Backward' ||
    journal.attempt > returned.attempt
  )
    return journal;
  if (journal.attempt < returned.attempt) return undefined;
  const { arrived: _arrived, by: _by, failure: _failure, ...rest } = journal;
  const { reason, at, by } = returned;
  const why = by === undefined ? { failure: { reason, message: 'its attempt failed', at } } : { by: { name: by, at } };
  // Which labels its way back had put back already it does not know: those that are as before are.
  const back = Object.entries(journal.labels).filter(([key, value]) => (now[key] ?? null) === value);
  return { ...rest, set: { ...journal.set, ...Object.fromEntries(back) }, direction: 'Backward', ...why };
}

/**
 * Whether a journal that was kept tells of a way back that the one on the namespace does not know of yet: an older one
 * was written over it.
 */
export function isNewer(kept: Journal, { direction, attempt }: Journal): boolean {
  return kept.direction === 'Backward' && direction === 'Forward' && attempt <= kept.attempt;
}

/**
 * Whether the journal is of a migration of this name and way. One that was deleted by force and made again takes over
 * what it finds.
 */
export function isOf(journal: Journal | undefined, migration: string, { from, to }: Route): journal is Journal {
  return journal?.migration === migration && journal.route.from === from && journal.route.to === to;
}
