import { counted } from '../../base/counted.ts';
import type { Place } from '../../engine/command-lines.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ExitCode } from '../exit-code.ts';
import type { Host } from '../host.ts';
import type { Line } from '../terminal/line.ts';
import { detailLines, detailOf, type PlanDetail } from './detail.ts';
import { differs, namespaceLines, notesOf, titleOf } from './lines.ts';
import { lookAt, type Picture } from './picture.ts';
import { whyUnsure } from '../cluster/unsure.ts';
import { columnsOf, writeDocument, writeLines, type Format } from './told.ts';
import { planViewOf, type PlanView } from './view.ts';

/** How a plan differs from what was approved of, and the one document of `-o json`. */
export interface Difference extends PlanView {
  readonly differs: boolean;
  /** Why what the status says may not be what is planned now. */
  readonly unsure?: string;
  /** Where one namespace is asked about. */
  readonly detail?: PlanDetail;
}

/** `isWhole`: all namespaces are asked about, so that one that nobody has looked at is a difference. */
export function differenceOf(picture: Picture, isWhole: boolean, detail: PlanDetail | undefined): Difference {
  const view = planViewOf(picture);
  const unsure = whyUnsure(picture.migration);
  const isUnplanned = isWhole && view.hash === undefined;
  return {
    ...view,
    differs: isUnplanned || unsure !== undefined || view.namespaces.some(differs),
    ...(unsure !== undefined && { unsure }),
    ...(detail !== undefined && { detail }),
  };
}

function linesOf(difference: Difference, isWhole: boolean, columns: number): readonly Line[] {
  const { hash, waves, namespaces, unsure, detail } = difference;
  const count = namespaces.filter(differs).length;
  const plans: readonly Line[] = [
    [{ text: hash === undefined ? 'not all namespaces were looked at yet: there is no plan of all' : `plan ${hash}` }],
    ...waves.map((wave): Line => [{ text: `wave ${wave.name} ${wave.hash}`, tone: 'dim' }]),
  ];
  const alone = namespaces[0]?.hash;
  return [
    titleOf(difference),
    ...(isWhole ? plans : [[{ text: `plan of the namespace alone ${alone ?? 'is not there yet'}` }]]),
    ...(unsure === undefined ? [] : [[{ text: `What is shown may be old: ${unsure}`, tone: 'bad' } as const]]),
    ...notesOf(difference),
    [
      {
        text: count === 0 ? 'nothing differs' : `${counted(count, 'namespace')} not as approved of`,
        tone: count === 0 ? 'good' : 'busy',
      },
    ],
    ...namespaceLines(namespaces, columns, { isCompared: true, isDetailed: detail !== undefined }),
    ...(detail === undefined ? [] : detailLines(detail, columns)),
  ];
}

/** Tells how what is planned differs from what was approved of; as `diff` ends, by 1 where it does. */
export async function diff(client: KubeClient, place: Place, format: Format, host: Host): Promise<ExitCode> {
  const picture = await lookAt(client, place, host.signal);
  const isWhole = place.namespace === undefined;
  const [record] = isWhole ? [] : picture.records;
  const difference = differenceOf(picture, isWhole, record && detailOf(record, picture, host.meshes));
  if (format === 'text') writeLines(linesOf(difference, isWhole, columnsOf(host)), host);
  else writeDocument(difference, format, host);
  return difference.differs ? 1 : 0;
}
