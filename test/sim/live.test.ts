import { describe, expect, it } from '@jest/globals';
import type { Finding } from '../../src/api/common.ts';
import type { AuditReport } from '../../src/cli/audit/report.ts';
import type { PlanReport } from '../../src/cli/plan/report.ts';
import { inPlan } from '../../src/cli/sources.ts';
import type { HttpRequest } from '../../src/kube/transport.ts';
import { namespace, object } from '../scenarios/manifests.ts';
import { keyboardAt } from '../support/command-line.ts';
import { FaultyTransport } from './apiserver/faults.ts';
import type { FaultRule } from './apiserver/fault-rules.ts';
import { called, plain } from './caller-and-called.ts';
import { runOnSimulation } from './run-scenario.ts';
import { start } from './stalled-story.ts';

const forbidden = { kind: 'Refuse', status: 403 } as const;

function refusing(path: RegExp): FaultRule {
  return { match: { path }, times: Infinity, fault: forbidden };
}

describe('audit and plan of a cluster', () => {
  it('say what the operator says, of those who are asked about, and what they could not read', async () => {
    await runOnSimulation({
      name: 'live',
      run: async (world) => {
        const [a, b, outside] = [world.ns('a'), world.ns('b'), world.ns('none')];
        await plain(world, a);
        await called(world, b, a);
        await world.create(
          namespace(outside, { 'istio-injection': 'disabled' }),
          object('AuthorizationPolicy', a, 'hidden', {
            action: 'DENY',
            rules: [{ to: [{ operation: { paths: ['/x'] } }] }],
          }),
        );
        await start(world, { action: 'Plan' }, ['a', 'b']);
        await world.phase('Planned');
        const { admin } = world.cluster;
        const requests: HttpRequest[] = [];
        const send = (request: HttpRequest): ReturnType<typeof admin.send> => {
          requests.push(request);
          return admin.send(request);
        };
        const report = async <T>(line: string, rules: readonly FaultRule[] = []): Promise<T & { exitCode: number }> => {
          const transport = new FaultyTransport({ ...admin, send }, world.clock, [...rules]);
          const { exitCode, stdout, stderr } = await keyboardAt(transport, world.clock).type(`${line} -o json`);
          expect(stderr).toBe('');
          return { ...(JSON.parse(stdout) as T), exitCode };
        };

        const plan = await report<PlanReport>(`plan -n ${b}`);
        const { status } = await world.child(b);
        expect(plan.cluster).toBe(admin.server);
        expect(plan.namespaces.map(({ name }) => name)).toEqual([b]);
        const [planned] = plan.namespaces;
        expect(planned?.itinerary).toBe(status?.itinerary);
        expect(planned?.steps.map(({ name }) => name)).toEqual(status?.plan?.map(({ name }) => name));
        expect(planned?.services).toMatchObject([{ name: 'api', waypoint: true }]);
        expect(planned?.order).toContain(`After ${a}`);
        const told = (findings: readonly Finding[] = []): readonly string[] =>
          findings
            .filter(({ id }) => inPlan.includes(id))
            .map(({ id, severity, object: of }) => `${severity} ${id} ${of}`)
            .sort();
        expect(told(planned?.findings)).toEqual(told(status?.findings));
        expect(plan).toMatchObject({ left: [], unreadable: [], exitCode: 0 });

        const audit = await report<AuditReport>(`audit -n ${b} -n ${outside}`);
        expect(audit.policies.map(({ namespace: home, name }) => `${home}/${name}`)).toEqual([`${b}/readers`]);
        expect(audit.findings.map(({ object: of }) => of)).toContain(`AuthorizationPolicy ${b}/readers`);
        expect(audit.findings.filter(({ object: of }) => of.includes('hidden'))).toEqual([]);
        expect(audit.left).toEqual([
          { name: outside, why: expect.stringContaining('it is in no mesh') as unknown as string },
        ]);
        expect(JSON.stringify(audit)).not.toContain('"source"');
        expect(new Set(requests.map(({ method }) => method))).toEqual(new Set(['GET']));

        // Of one kind that little rests on, and of one that all rests on, elsewhere than where one is asked about.
        const partly = await report<AuditReport>(`audit -n ${b}`, [
          refusing(/\/api\/v1\/nodes/),
          refusing(/\/apis\/security.istio.io\/v1\/authorizationpolicies/),
        ]);
        expect(partly).toMatchObject({ exitCode: 2, policies: [{ name: 'readers' }] });
        expect(partly.unreadable).toEqual([
          {
            file: 'authorizationpolicies.security.istio.io',
            reason: expect.stringMatching(
              `^not checked: AuthorizationPolicy of other namespaces than ${b}, because .*403`,
            ) as unknown as string,
          },
          {
            file: 'nodes',
            reason: expect.stringMatching(/^not checked: Node, because .*MM125/) as unknown as string,
            isMinor: true,
          },
        ]);
        const nodes = [refusing(/\/api\/v1\/nodes/)];
        expect((await report(`plan -n ${b}`, nodes)).exitCode).toBe(0);
        expect((await report(`plan -n ${b} --fail-on warning`, nodes)).exitCode).toBe(1);

        const { exitCode, stderr } = await keyboardAt(admin, world.clock).type('audit -n live-c');
        expect({ exitCode, stderr }).toEqual({
          exitCode: 1,
          stderr: expect.stringMatching(/^there is no namespace live-c. Did you mean live-/),
        });
      },
    });
  });
});
