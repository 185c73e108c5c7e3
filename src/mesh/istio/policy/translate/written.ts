import { counted } from '../../../../base/counted.ts';
import { charactersOfBody } from '../../../seal.ts';
import type { Manifest } from './manifest.ts';
import type { Problem } from './problem.ts';
import { makeSmaller, partsOfCopy } from './size.ts';

/** What has to be stored and sent, and what whoever reads it keeps of it: each list, map and value is one to keep. */
export interface Size {
  readonly characters: number;
  readonly parts: number;
}

/**
 * What is written into one namespace: who writes one object decides by his Services how many copies of it
 * etcd has to store, istiod to send, and each that watches them to keep in memory.
 */
export const mostWritten: Size = { characters: 12_000_000, parts: 1_200_000 };

/** An object that says more is refused, by etcd at the latest (1.5 MiB with all that the API server adds). */
export const mostOfOne = 1_000_000;

interface Written extends Size {
  readonly manifest: Manifest;
}

/** Of all together. */
function sizeOfAll(written: readonly Size[]): Size {
  return written.reduce(
    (sum, each) => ({ characters: sum.characters + each.characters, parts: sum.parts + each.parts }),
    { characters: 0, parts: 0 },
  );
}

function sentenceOf({ characters, parts }: Size): string {
  return `${characters} characters in ${parts} lists, maps and values`;
}

/** As a part of the most that may be. */
function partOfMost({ characters, parts }: Size): number {
  return Math.max(characters / mostWritten.characters, parts / mostWritten.parts);
}

/** What is to be written. */
export function sizeOfManifests(manifests: readonly Manifest[]): Size {
  return sizeOfAll(manifests.map(writtenOf));
}

function writtenOf(manifest: Manifest): Written {
  const { spec } = manifest.object;
  return { manifest, characters: charactersOfBody(spec), parts: partsOfCopy(spec) };
}

/** What the copies say is most of it, whose they are, and how much that is. */
function largestOf(
  all: readonly Written[],
  whole: string,
): { readonly object: string; readonly copies: readonly Written[] } {
  const groups = Map.groupBy(all, ({ manifest: { originals } }) => (originals.length === 1 ? originals[0] : whole));
  return [...groups]
    .map(([object = whole, copies]) => ({ object, copies }))
    .reduce((most, each) => (partOfMost(sizeOfAll(each.copies)) > partOfMost(sizeOfAll(most.copies)) ? each : most));
}

function tooMuch(object: string, message: string): Problem {
  return { severity: 'Critical', object, field: 'spec', tooLarge: true, message, fix: makeSmaller };
}

/**
 * What is more than the cluster takes, before any of it is written; `isGrown` tells of a copy that says more than its
 * original, which the cluster has taken.
 */
export function tooMuchWritten(namespace: string, manifests: readonly Manifest[]): Problem | undefined {
  const all = manifests.map(writtenOf);
  const grown = all.find(({ manifest: { isGrown }, characters }) => characters > mostOfOne && isGrown === true);
  if (grown !== undefined)
    return tooMuch(
      grown.manifest.originals.join(', '),
      `its copy for ${grown.manifest.target} would have ${grown.characters} characters, because each rule has to name each port there, and the cluster takes no more than ${mostOfOne}`,
    );
  const size = sizeOfAll(all);
  if (partOfMost(size) <= 1) return undefined;
  const { object, copies } = largestOf(all, `Namespace ${namespace}`);
  return tooMuch(
    object,
    `what has to be made for ${namespace} would have ${sentenceOf(size)}, more than is written into one namespace (${sentenceOf(mostWritten)}); most of it is ${counted(copies.length, 'object')} made for ${object}`,
  );
}
