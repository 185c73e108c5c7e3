import type { CliCommand } from '../command.ts';
import { oneOf } from '../options.ts';
import { UsageError } from '../usage-error.ts';
import { completing } from './candidates.ts';

const names = 'mesh-migration kubectl-mesh_migration';

/* The program itself tells what fits, so that a script of yesterday knows the options of today. */

const bash = `# Completion of mesh-migration for bash: source <(mesh-migration completion bash)
_mesh_migration() {
  local line directive=:0
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :*) directive=$line ;;
      *) COMPREPLY+=("$line") ;;
    esac
  done < <("\${COMP_WORDS[0]}" ${completing} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [ "$directive" = :4 ]; then compopt +o default 2>/dev/null || true; fi
}
complete -o default -F _mesh_migration ${names}
`;

const zsh = `#compdef ${names}
# Completion of mesh-migration for zsh: source <(mesh-migration completion zsh), after compinit
_mesh_migration() {
  local line directive=:0
  local -a found
  while IFS= read -r line; do
    case "$line" in
      :*) directive=$line ;;
      *) found+=("$line") ;;
    esac
  done < <("\${words[1]}" ${completing} "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then
    compadd -- "\${found[@]}"
  elif [ "$directive" = :0 ]; then
    _files
  fi
}
if [ "\${funcstack[1]}" = _mesh_migration ]; then
  _mesh_migration "$@"
else
  compdef _mesh_migration ${names}
fi
`;

/* kubectl (1.26 and newer) asks a file of this name in PATH about its plugin. */
const kubectl = `#!/bin/sh
# Completion of kubectl mesh-migration: save this as kubectl_complete-mesh_migration in your PATH, and make it executable.
exec kubectl-mesh_migration ${completing} "$@"
`;

const scripts: Readonly<Record<string, string>> = { bash, zsh, kubectl };

/** `mesh-migration completion`. */
export const completionCommand: CliCommand = {
  name: 'completion',
  summary: 'Print what completes commands and options in a shell',
  details:
    'For bash and zsh it is a script to be sourced; for kubectl a file kubectl_complete-mesh_migration that has to be executable and in your PATH.',
  argument: { form: '<shell>', meaning: 'bash, zsh or kubectl', offered: Object.keys(scripts) },
  options: [],
  examples: ['completion bash', 'completion zsh', 'completion kubectl > kubectl_complete-mesh_migration'],
  run({ argument }, { stdout }) {
    if (argument === undefined) throw new UsageError('completion: name a shell');
    stdout.write(oneOf('completion', argument, scripts));
    return Promise.resolve(0);
  },
};
