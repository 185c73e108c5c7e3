import { containersNamed } from '../../../base/shown.ts';
import type { Surroundings } from '../../adapter.ts';
import { asPod } from '../../views.ts';
import { optsOutOfInjection } from '../vocabulary/injection.ts';
import { nameOf } from '../vocabulary/objects.ts';
import type { Evidence, Rule } from './rule.ts';

function find({ route, workloads, otherTemplates }: Surroundings): readonly Evidence[] {
  if (route.from !== 'IstioSidecar') return [];
  return [...workloads, ...otherTemplates].flatMap((template): readonly Evidence[] => {
    const names = template.readsCertificate ?? [];
    if (names.length === 0 || template.hostNetwork === true || optsOutOfInjection(asPod(template))) return [];
    return [
      {
        object: nameOf(template),
        message: `${containersNamed(names)} names the header x-forwarded-client-cert, which its sidecar writes by the certificate of the caller: nobody writes it afterwards, and whatever a caller writes into it himself arrives as it is, so who is let in by it may be anybody`,
      },
    ];
  });
}

/** What applications do by what only sidecars write. */
export const headerReaderRules: readonly Rule[] = [
  {
    id: 'MM145',
    severity: 'Warning',
    when: 'Start',
    lasts: true,
    title: 'An application reads what its sidecar writes',
    fix: 'Have an AuthorizationPolicy tell the callers apart (principals), or the application by a token, and take the header out of its settings. If it only writes the header into a log, there is nothing to do.',
    find,
  },
];
