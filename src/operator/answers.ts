import type { Resource } from '../api/object.ts';
import type { Clock } from '../base/clock.ts';
import { commandOf, isEdited } from '../engine/commands.ts';
import type { Effort } from '../engine/efforts.ts';
import { Fights } from './fights.ts';

/** A status as far as commands stand in it. */
interface Phased {
  readonly phase?: string | undefined;
  readonly writtenPhase?: string | undefined;
}

/** A record, or a MeshMigration. */
interface Commanded<S extends Phased> {
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
  readonly status?: S | undefined;
}

/** An object as it is decided about. */
interface Heard<T> {
  readonly heard: T;
  /** Milliseconds until the command that stands in it is to be answered; Infinity if nothing waits. */
  readonly lateMs: number;
  /** The decided status with the command that waits still in it. */
  readonly keep: <D extends Phased>(status: D) => D;
}

/**
 * Answers to commands, which are writes of ours that anybody with a right to `status.phase` brings about: the same
 * command is answered at once some times, and then later and later, like everything else that is written again and
 * again. Meanwhile it stays in the status, and all else goes on. A command that was not given lately is heard at once,
 * whatever others were given. Memory that may be lost: the next process answers at once, and counts anew.
 */
export class Answers {
  readonly #given: Fights;
  readonly #resource: Resource;

  constructor(clock: Pick<Clock, 'monotonic'>, resource: Resource) {
    this.#given = new Fights(clock);
    this.#resource = resource;
  }

  /** The object without a command that is to wait. */
  hear<S extends Phased, T extends Commanded<S>>(key: string, object: T): Heard<T> {
    const { status } = object;
    const lateMs = isEdited(status) ? this.#given.dueInMs(way(key), this.#effortOf(object)) : 0;
    if (lateMs <= 0) return { heard: object, lateMs: Infinity, keep: (decided) => decided };
    return {
      heard: { ...object, status: { ...status, phase: status?.writtenPhase } },
      lateMs,
      keep: (decided) => ({ ...decided, phase: status?.phase }),
    };
  }

  /** A status was stored: it answers what stood in the object before, unless that stands there still. */
  stored<S extends Phased>(key: string, object: Commanded<S>, status: Phased): void {
    if (isEdited(object.status) && !isEdited(status)) this.#given.wrote(way(key), this.#effortOf(object));
  }

  /** The object is gone. */
  forget(key: string): void {
    this.#given.forget(key);
  }

  /** Whatever is no command is one of a kind: there are as many senseless words as somebody likes. */
  #effortOf({ metadata: { name, namespace }, status }: Commanded<Phased>): Effort {
    return {
      part: 'command',
      resource: this.#resource,
      namespace,
      name,
      wanted: { command: commandOf(status?.phase) ?? 'none' },
    };
  }
}

function way(key: string): string {
  return `${key} commands`;
}
