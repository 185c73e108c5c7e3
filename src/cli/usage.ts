import { version } from '../base/version.ts';

/** Wrong arguments: the message says which, and the exit code is 2. */
export class UsageError extends Error {}

/** What `--help` prints. */
export const usage = `mesh-migration ${version}

Says without a cluster what a migration from Istio sidecars to ambient would do to manifests.

  mesh-migration audit -f PATH [-f PATH]... [options]
      what sidecars, ztunnel and waypoints make of each policy, and what stands in the way
  mesh-migration plan -f PATH [-f PATH]... [options]
      which Services need a waypoint, what is made for them, and in which order namespaces and workloads move

  -f, --filename PATH       file, directory (all *.yaml, *.yml and *.json below it), or - for standard input
      --exclude PATTERN     file or directory below a PATH to leave out, by name or path; * and ** as in globs
  -o, --output FORMAT       table, json or yaml; for audit also sarif and junit (default: table)
  -n, --namespace NAME      namespace of objects that name none (default: default)
      --istio-version X.Y   Istio that is to read the policies (default: 1.31)
      --istio-namespace NS  root namespace, where mesh-wide policies are (default: istio-system)
      --fail-on SEVERITY    critical, warning or never: from which findings on the exit code is 1 (default: critical)
      --write DIR           plan only: write what is made as a kustomize overlay into DIR, unless a critical finding blocks
      --version, --help

Exit codes: 0 clean; 1 findings at or above --fail-on, or nothing written because one blocks; 2 wrong usage or unreadable input (the rest is
looked at all the same); 3 an internal error, which is no result.

Without --write nothing is written but standard output. Include the ConfigMap istio of the root namespace to have its trust domains read, and a
MeshMigration to have its callers and settings taken. What kustomize or Helm make can be piped in: kustomize build overlays/prod | mesh-migration audit -f -
`;
