import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep, systemClock } from '../../src/base/clock.ts';
import { SimApiServer } from './apiserver/sim-api-server.ts';
import { kubectlSteps, watchStep, type KubectlStep } from './kubectl-steps.ts';
import { serveSim } from './serve.ts';

/** What a finished command has said. */
interface Outcome {
  readonly code: number | null;
  readonly text: string;
}

const commandTimeoutMs = 20_000;
const watchTimeoutMs = 10_000;
const pollMs = 50;

/** Runs one program with its own configuration and cache, and never longer than the timeout. */
class Kubectl {
  private readonly path: string;
  private readonly directory: string;

  constructor(path: string, directory: string) {
    this.path = path;
    this.directory = directory;
  }

  start(
    args: readonly string[],
    input: string | undefined,
  ): { readonly child: ChildProcess; readonly text: () => string } {
    const child = spawn(this.path, [...args], {
      env: { PATH: process.env['PATH'] ?? '', HOME: this.directory, KUBECONFIG: join(this.directory, 'config') },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let text = '';
    const collect = (chunk: Buffer): void => {
      text += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    // A command that ends before it has read its input is judged by what it printed.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    return { child, text: () => text };
  }

  async run(args: readonly string[], input?: string): Promise<Outcome> {
    const { child, text } = this.start(args, input);
    const cancel = systemClock.timer(commandTimeoutMs, () => {
      child.kill('SIGKILL');
    });
    const [code] = (await once(child, 'close')) as [number | null];
    cancel();
    return { code, text: text() };
  }
}

function judge(step: KubectlStep, { code, text }: Outcome): string | undefined {
  const failed = (code ?? 1) !== 0;
  const name = `kubectl ${step.args.join(' ')}`;
  if (failed !== (step.fails === true)) return `${name}: exit status ${String(code)}\n${text}`;
  const missing = step.prints.find((pattern) => !pattern.test(text));
  return missing === undefined ? undefined : `${name}: no ${String(missing)} in\n${text}`;
}

/** A watch prints what happens while it runs; it is ended as soon as all of it has been seen. */
async function checkWatch(kubectl: Kubectl): Promise<string | undefined> {
  const { child, text } = kubectl.start(watchStep.args, undefined);
  const closed = once(child, 'close');
  const deadline = systemClock.monotonic() + watchTimeoutMs;
  const shows = (pattern: RegExp): boolean => pattern.test(text());
  const [first = /./, ...later] = watchStep.prints;
  while (!shows(first) && systemClock.monotonic() < deadline) await sleep(systemClock, pollMs);
  for (const args of watchStep.meanwhile) await kubectl.run(args);
  while (!later.every(shows) && systemClock.monotonic() < deadline) await sleep(systemClock, pollMs);
  child.kill();
  await closed;
  return judge(watchStep, { code: 0, text: text() });
}

/**
 * Runs the given kubectl against the simulated API server over TCP: reading, applying, patching, watching, rolling out,
 * explaining. Returns what went wrong; nothing when all is well.
 */
export async function checkKubectl(kubectlPath: string): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'kubectl-check-'));
  const server = new SimApiServer({ clock: systemClock });
  const served = await serveSim(server);
  const failures: string[] = [];
  try {
    await writeFile(join(directory, 'config'), served.kubeconfig());
    const kubectl = new Kubectl(kubectlPath, directory);
    for (const step of kubectlSteps) {
      const failure = judge(step, await kubectl.run(step.args, step.input));
      if (failure !== undefined) failures.push(failure);
    }
    const failure = await checkWatch(kubectl);
    if (failure !== undefined) failures.push(failure);
  } finally {
    await served.close();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
  return failures;
}
