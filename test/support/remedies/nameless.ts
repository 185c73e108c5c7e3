import { config } from '../mesh-fixtures.ts';
import { annotateTemplates, eachConfig, eachServiceElsewhere, inTurn, make } from './deeds.ts';
import { calledByOthers, inSameMigration, toSidecars } from './elsewhere.ts';
import type { RemediesById } from './remedy.ts';

const strictThere = make(
  config('PeerAuthentication', { mtls: { mode: 'STRICT' } }, { name: 'strict', uid: 'strict', namespace: 'bank' }),
);

/** A Service with an address that every sidecar here is told of. */
const knownService = inTurn(
  eachServiceElsewhere(({ exportTo: _exportTo, ...each }) => [{ ...each, headless: false }]),
  eachConfig((each) => [
    each.kind === 'Sidecar' ? { ...each, spec: { ...each.spec, egress: [{ hosts: ['*/*'] }] } } : each,
  ]),
);

const withoutAnnotation = annotateTemplates(
  Object.fromEntries(
    [
      'excludeOutboundPorts',
      'includeOutboundPorts',
      'excludeOutboundIPRanges',
      'includeOutboundIPRanges',
      'excludeInterfaces',
    ].map((key) => [`traffic.sidecar.istio.io/${key}`, null]),
  ),
);

const injectorTakesAll = eachConfig((each) =>
  each.name === 'istio-sidecar-injector' && each.kind === 'ConfigMap' ? [] : [each],
);

const opens = /what it refuses may get through/;

/** Calls that lose the identity of their caller. */
export const namelessRemedies: RemediesById = {
  MM136: {
    ways: [
      {
        says: 'Where something may get through: ask for mutual TLS there (PeerAuthentication STRICT)',
        done: strictThere,
        where: opens,
      },
      {
        says: 'Where a headless Service is called: call one with a cluster IP',
        done: knownService,
        where: /by headless Service/,
      },
      { says: 'move the called first', done: toSidecars, where: /by headless Service/ },
      { says: 'in the same migration', done: inSameMigration('bank'), where: /by headless Service/ },
      {
        says: 'Where sidecars are not told of the Service: have the Sidecar (egress hosts) and exportTo let them know it',
        done: knownService,
        where: /by Service bank\/web, of which/,
      },
      {
        says: 'Where they leave calls alone: take the annotation out of the template',
        done: withoutAnnotation,
        where: /by traffic\.sidecar\.istio\.io/,
      },
      { says: 'the setting out of the values of the injector', done: injectorTakesAll, where: /by ConfigMap / },
      {
        says: 'if these do not call them, say so by naming their callers in spec.callers',
        done: calledByOthers('bank'),
      },
    ],
  },
};
