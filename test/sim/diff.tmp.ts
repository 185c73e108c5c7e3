/* eslint-disable */
// @ts-nocheck
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { SimApiServer } from './apiserver/sim-api-server.ts';
import { systemClock } from '../../src/base/clock.ts';
import { readText } from '../../src/kube/transport.ts';
const server = new SimApiServer({ clock: systemClock });
const t = server.transport();
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
const tag = process.argv[3] ?? String(Math.floor(Math.random()*1e6));
async function real(step, ctx) {
  const r = await fetch('https://127.0.0.1:26443' + step.path(ctx), { method: step.method, headers: { authorization: 'Bearer tok', 'user-agent': 'tester/1.0', ...step.headers }, body: step.body === undefined ? undefined : typeof step.body(ctx) === 'string' ? step.body(ctx) : JSON.stringify(step.body(ctx)) });
  return { status: r.status, headers: Object.fromEntries(r.headers), text: await r.text() };
}
async function sim(step, ctx) {
  const b = step.body === undefined ? undefined : typeof step.body(ctx) === 'string' ? step.body(ctx) : JSON.stringify(step.body(ctx));
  const r = await t.send({ method: step.method, path: step.path(ctx), headers: { 'user-agent': 'tester/1.0', ...step.headers }, ...(b === undefined ? {} : { body: b }), signal: new AbortController().signal });
  return { status: r.status, headers: r.headers, text: await readText(r) };
}
const volatile = new Set(['uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp', 'time', 'continue','lastTransitionTime','storageVersionHash','clusterIP','clusterIPs', 'selfLink']);
function norm(v, key) {
  if (Array.isArray(v)) return v.map((x) => norm(x));
  if (v && typeof v === 'object') return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, norm(x, k)]));
  if (volatile.has(key)) return v === null ? null : '<' + key + '>';
  if (typeof v === 'string') return v.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<uid>').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>').replace(/-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '-<sfx>');
  return v;
}
function diff(a, b, path, out) { if (a === null && b === undefined) return; if (/columnDefinitions.*description/.test(path)) return;
  if (JSON.stringify(a) === JSON.stringify(b)) return;
  if (a && b && typeof a === 'object' && typeof b === 'object' && Array.isArray(a) === Array.isArray(b)) {
    for (const k of new Set([...Object.keys(a), ...Object.keys(b)])) diff(a[k], b[k], path + '.' + k, out);
    return;
  }
  out.push(`   ${path}\n      real: ${JSON.stringify(a)?.slice(0, 400)}\n      sim:  ${JSON.stringify(b)?.slice(0, 400)}`);
}
const P = (s) => (c) => typeof s === 'function' ? s(c) : s.replaceAll('NS', 'd' + tag);
const steps = [];
export function step(method, path, body, headers = {}) { steps.push({ method, path: P(path), ...(body === undefined ? {} : { body: typeof body === 'function' ? body : () => body }), headers: method === 'PATCH' ? { 'content-type': 'application/merge-patch+json', ...headers } : { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers } }); }
export const ns = 'd' + tag;
const { define } = await import(process.argv[2]);
define(step, ns, (f) => parse(readFileSync(f, 'utf8')));
const rc = { last: undefined, all: [] }, sc = { last: undefined, all: [] };
for (const s of steps) {
  if (s.method === 'SLEEP') { await new Promise((r) => setTimeout(r, 1000)); continue; }
  const [a, b] = [await real(s, rc), await sim(s, sc)];
  let ja, jb; try { ja = JSON.parse(a.text); } catch { ja = a.text; } try { jb = JSON.parse(b.text); } catch { jb = b.text; }
  rc.last = ja; sc.last = jb; rc.all.push(ja); sc.all.push(jb);
  const out = [];
  if (a.status !== b.status) out.push(`   status real ${a.status} sim ${b.status}`);
  if ((a.headers.warning ?? '') !== (b.headers.warning ?? '')) out.push(`   warning real ${a.headers.warning} sim ${b.headers.warning}`);
  if ((a.headers['content-type'] ?? '') !== (b.headers['content-type'] ?? '')) out.push(`   content-type real ${a.headers['content-type']} sim ${b.headers['content-type']}`);
  diff(norm(ja), norm(jb), '', out);
  console.log(`${out.length === 0 ? 'ok  ' : 'DIFF'} ${s.method} ${s.path(rc)} -> ${a.status}`);
  if (out.length) console.log(out.slice(0, 40).join('\n'));
}
process.exit(0);
