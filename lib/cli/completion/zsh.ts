// The completion script for `seccomp` in zsh.
import type { ArgumentGrammar, CommandGrammar, OptionGrammar, Values } from './grammar.js';
import type { CompletionWords, ValueKind } from './values.js';

/** The script for a command line. */
export function zshScript(
  commands: readonly CommandGrammar[],
  program: readonly OptionGrammar[],
  words: CompletionWords,
): string {
  const constants = words.constants.map(
    ({ places, names }) =>
      `    (${places.map(place => place.replace(' ', '\\ ')).join('|')}) compadd -S '' -- ${names.join(' ')} ;;\n`,
  );
  const subcommands = commands.map(
    ({ name, options, arguments: args }) =>
      `        ${name})\n          _arguments -S ${[...options.flatMap(optionSpecs), ...args.map(argumentSpec)].join(' \\\n            ')}\n          ;;\n`,
  );
  return `#compdef seccomp
# zsh completion for seccomp: written by \`seccomp completion zsh\`.

_seccomp_commands() {
  local -a commands=(
    ${commands.map(({ name, description }) => quoted(`${name}:${description.replaceAll(':', '\\:')}`)).join('\n    ')}
  )
  _describe -t commands command commands
}

_seccomp_profiles() {
  compadd -- ${words.profiles.join(' ')}
  _files
}

_seccomp_filters() {
  if compset -P pid:; then
    _seccomp_processes
  else
    [[ $PREFIX == p* ]] && compadd -S '' -- pid:
    _seccomp_profiles
  fi
}

_seccomp_processes() {
  local -a ids=(/proc/<->(N:t))
  compadd -- $ids
}

_seccomp_calls() {
  compadd "$@" -- ${[...words.syscalls, ...words.groups].join(' ')}
}

_seccomp_list() {
  compset -P '*,'
  _seccomp_calls -S ''
}

# A system call, then the constants of its arguments.
_seccomp_event() {
  if ((CURRENT == 1)); then
    compset -P '(${words.abis.join('|')}):'
    compadd -- ${words.syscalls.join(' ')}
  else
    local place="\${words[1]#*:} $((CURRENT - 2))"
    compset -P '*[|]'
    case $place in
${constants.join('')}    esac
  fi
}

_seccomp_capabilities() {
  compadd -- ${words.capabilities.join(' ')}
}

_seccomp_architectures() {
  compadd -- ${words.architectures.join(' ')}
}

_seccomp() {
  local curcontext="$curcontext" state line ret=1
  typeset -A opt_args
  _arguments -C ${program.flatMap(optionSpecs).join(' ')} '1:command:_seccomp_commands' '*::argument:->arguments' && ret=0
  case $state in
    arguments)
      case $words[1] in
${subcommands.join('')}      esac && ret=0
      ;;
  esac
  return ret
}

# Called by what loads functions when they are first used, or read by a shell's own start.
if [[ $funcstack[1] == _seccomp ]]; then
  _seccomp "$@"
else
  compdef _seccomp seccomp
fi
`;
}

/** Specs for an option, one for each name. */
const optionSpecs = ({ names, description, values, valueName }: OptionGrammar): readonly string[] =>
  names.map(name => {
    const about = `*${name}${values !== undefined && name.startsWith('--') ? '=' : ''}[${description.replaceAll(/[\\[\]]/g, String.raw`\$&`)}]`;
    return quoted(values === undefined ? about : `${about}:${valueName}:${actionOf(values)}`);
  });

const argumentSpec = ({ name, values, required, variadic }: ArgumentGrammar, index: number): string => {
  const rest = values === 'event' || values === 'command' ? '*::' : '*';
  return quoted(`${variadic ? rest : `${index + 1}${required ? '' : ':'}`}:${name}:${actionOf(values)}`);
};

const actionOf = (values: Values): string =>
  typeof values === 'string' ? ACTIONS[values] : `(${values.join(' ')})`;

const ACTIONS: Readonly<Record<ValueKind, string>> = {
  file: '_files',
  directory: '_files -/',
  profile: '_seccomp_profiles',
  filter: '_seccomp_filters',
  calls: '_seccomp_calls',
  list: '_seccomp_list',
  event: '_seccomp_event',
  capability: '_seccomp_capabilities',
  architecture: '_seccomp_architectures',
  process: '_seccomp_processes',
  command: '_normal',
  any: ' ',
};

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
