import { parseArgs } from 'node:util';

/** What the person who runs the demo asked for. */
export interface DemoOptions {
  /** One workload never becomes ready without its sidecar, so that its namespace is rolled back. */
  readonly fail: boolean;
  /** On the real control plane instead of the simulated cluster. */
  readonly real: boolean;
  /** Waves and gates instead, on a virtual clock. */
  readonly gates: boolean;
  /** Leave the cluster up at the end, until Ctrl-C. */
  readonly keep: boolean;
  /** Where to write the result as JSON. */
  readonly report: string | undefined;
}

const usage = `npm run demo -- [--fail] [--real] [--keep] [--report FILE]
       npm run demo -- --gates [--report FILE]

Moves Istio's bookinfo from sidecars to ambient and shows every step.

  --fail          one workload never becomes ready: its namespace is rolled back, the others go on
  --real          on a real control plane (kube-apiserver, istiod, KWOK; needs Go the first time) instead of the simulated cluster
  --gates         waves and gates instead, on a virtual clock: a canary soaks, a namespace whose requests fail goes back by itself
  --keep          leave everything up at the end and print how to look around with kubectl
  --report FILE   write what happened as JSON
`;

/** Reads the command line; ends the process with status 2 when it makes no sense. */
export function readOptions(): DemoOptions {
  try {
    const { values } = parseArgs({
      options: {
        fail: { type: 'boolean', default: false },
        real: { type: 'boolean', default: false },
        gates: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        report: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    const { fail, real, gates, keep, report } = values;
    if (gates && (fail || real || keep))
      throw new TypeError('--gates is played by itself: leave out --fail, --real and --keep');
    return { fail, real, gates, keep, report };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}
