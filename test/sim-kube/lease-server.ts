import { sleep } from '../../src/base/clock.ts';
import type { Clock } from '../../src/base/clock.ts';
import type { HttpRequest } from '../../src/kube/transport.ts';
import { ScriptedServer, refusal, silence } from './scripted-server.ts';
import type { Reply } from './scripted-server.ts';

/** What happens to a candidate's requests on the way. */
export type Line = 'up' | 'partitioned' | 'answers-lost' | { readonly delayMs: number; readonly clock: Clock };

interface LeaseBody {
  readonly metadata: { readonly resourceVersion?: string };
  readonly spec: {
    readonly holderIdentity: string;
    readonly renewTime: string;
    readonly acquireTime: string;
    readonly leaseTransitions: number;
  };
}

/** One Lease with the API server's rules, reached over one line per candidate. */
export class LeaseServer {
  lease: LeaseBody | undefined;
  readonly lines = new Map<string, Line>();
  /** Holder and method of each committed write. */
  readonly writes: string[] = [];
  #version = 0;

  /** The line of one candidate. */
  transport(candidate: string): ScriptedServer {
    return new ScriptedServer(async (request) => {
      const line = this.lines.get(candidate) ?? 'up';
      if (line === 'partitioned') return await silence();
      if (typeof line === 'object') await sleep(line.clock, line.delayMs);
      const reply = this.#answer(request);
      return line === 'answers-lost' ? await silence() : reply;
    });
  }

  #answer(request: HttpRequest): Reply {
    const body = request.body === undefined ? undefined : (JSON.parse(request.body) as LeaseBody);
    const current = this.lease;
    if (request.method === 'POST' && current !== undefined) return refusal(409, 'AlreadyExists');
    if (request.method !== 'POST' && current === undefined) return refusal(404, 'NotFound');
    if (body === undefined) return { status: 200, body: current, headers: json };
    if (request.method === 'PUT' && body.metadata.resourceVersion !== current?.metadata.resourceVersion)
      return refusal(409, 'Conflict');
    if (!/\.\d{6}Z$/.test(body.spec.renewTime)) return refusal(400, 'BadRequest', 'MicroTime wants six digits');
    this.#version += 1;
    this.lease = { ...body, metadata: { ...body.metadata, resourceVersion: String(this.#version) } };
    this.writes.push(`${request.method} ${body.spec.holderIdentity}`);
    return { status: request.method === 'POST' ? 201 : 200, body: this.lease, headers: json };
  }
}

const json = { 'content-type': 'application/json' };
