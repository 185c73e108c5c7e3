import { freezeAnnotation, migrationLabel } from '../api/resources.ts';

/**
 * Which object a command is about: a NamespaceMigration, or without a namespace a MeshMigration. Both have the
 * migration's name.
 */
export interface Place {
  readonly name: string;
  readonly namespace?: string | undefined;
}

function setPhase(phase: string): (place: Place) => string {
  return ({ name, namespace }) =>
    `kubectl patch ${namespace === undefined ? `mm ${name}` : `nsm ${name} -n ${namespace}`} --subresource=status --type=merge -p '{"status":{"phase":"${phase}"}}'`;
}

function setAction(action: string): (place: Place) => string {
  return ({ name }) => `kubectl patch mm ${name} --type=merge -p '{"spec":{"action":"${action}"}}'`;
}

/** What a person can give, by what it does. */
export type CommandName =
  | 'AcceptRefusals'
  | 'Unfreeze'
  | 'GoOn'
  | 'GoBack'
  | 'Stay'
  | 'SetMigrate'
  | 'SetFinalize'
  | 'List'
  | 'Pods'
  | 'Describe';

const commands: Readonly<Record<CommandName, (place: Place) => string>> = {
  AcceptRefusals: ({ name }: Place): string =>
    `kubectl patch mm ${name} --type=merge -p '{"spec":{"policies":{"bypass":"FailClosed"}}}'`,
  Unfreeze: ({ name, namespace }: Place): string =>
    `kubectl annotate ${namespace === undefined ? `mm ${name}` : `namespace ${namespace}`} ${freezeAnnotation}-`,
  GoOn: setPhase('Migrating'),
  GoBack: setPhase('RollingBack'),
  Stay: setPhase('Pause'),
  SetMigrate: setAction('Migrate'),
  SetFinalize: setAction('Finalize'),
  List: ({ name }: Place): string => `kubectl get nsm -A -l ${migrationLabel}=${name} -o wide`,
  Pods: ({ name, namespace }: Place): string =>
    namespace === undefined ? commands.List({ name }) : `kubectl get pods -n ${namespace} -o wide`,
  Describe: ({ name, namespace }: Place): string =>
    namespace === undefined ? `kubectl describe mm ${name}` : `kubectl describe nsm ${name} -n ${namespace}`,
};

/** The command line that approves of a plan, by its hash. */
export function approvalLine(hash: string, { name }: Place): string {
  return `kubectl patch mm ${name} --type=json -p '[{"op":"add","path":"/spec/approval/plans/-","value":"${hash}"}]'`;
}

/** The command line for an object, ready to be pasted. */
export function commandLine(command: CommandName, place: Place): string {
  return commands[command](place);
}
