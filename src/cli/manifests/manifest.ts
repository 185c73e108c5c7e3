import type { KubeObject } from '../../api/object.ts';

/** Where a manifest stands, so that a finding can point at it. */
export interface Source {
  /** As it was given or found; `-` for standard input. */
  readonly file: string;
  /** Number of the YAML document in the file, from 1. */
  readonly document: number;
  /** Line of the file on which the object begins, from 1. */
  readonly line: number;
}

/** One object of a file. */
export interface Manifest {
  /** API group without the version: what a policy means does not depend on it. */
  readonly group: string;
  readonly kind: string;
  readonly object: KubeObject;
  readonly source: Source;
}

/** A file, or one document of it, that could not be read. */
export interface Unreadable {
  readonly file: string;
  readonly document?: number;
  readonly line?: number;
  readonly reason: string;
  /** What rests on it was left out and says so, and all other checks were made. */
  readonly isMinor?: true;
}

/** What was found in some files. */
export interface Manifests {
  readonly manifests: readonly Manifest[];
  readonly unreadable: readonly Unreadable[];
}
