// The completion script for `seccomp` in bash 4 and later. It only looks up files, processes and commands, and never
// lets bash evaluate the input or a file name.
import { groupBy } from '../../util/collections.js';
import type { CommandGrammar, OptionGrammar, Values } from './grammar.js';
import type { CompletionWords } from './values.js';

/** The script for a command line. */
export function bashScript(
  commands: readonly CommandGrammar[],
  program: readonly OptionGrammar[],
  words: CompletionWords,
): string {
  const listed = (names: readonly string[]): string => names.join(' ');
  const long = (options: readonly OptionGrammar[]): string =>
    listed(options.flatMap(({ names }) => names.filter(name => name.startsWith('--'))));
  const takes = commands.flatMap(({ name, options }) =>
    options.flatMap(({ names, values }) =>
      values === undefined ? [] : names.map((option): Arm => [`'${name} ${option}'`, kindOf(values)]),
    ),
  );
  const positions = commands.flatMap(command =>
    command.arguments.map(({ values, variadic }, index): Arm => [
      variadic ? from(command.name, index) : `'${command.name} ${index + 1}'`,
      kindOf(values),
    ]),
  );
  const options = commands.map(command => `    ${command.name}) options='${long(command.options)}' ;;\n`);
  const constants = words.constants.map(
    ({ places, names }) =>
      `    ${places.map(place => `'${place}'`).join(' | ')}) constants='${listed(names)}' ;;\n`,
  );
  return `# bash completion for seccomp: written by \`seccomp completion bash\`.

_seccomp_profiles='${listed(words.profiles)}'
_seccomp_syscalls='${listed(words.syscalls)}'
_seccomp_groups='${listed(words.groups)}'
_seccomp_capabilities='${listed(words.capabilities)}'
_seccomp_architectures='${listed(words.architectures)}'
_seccomp_abis='${listed(words.abis)}'

# The constants that an argument of a system call is written with: _seccomp_constants CALL INDEX
_seccomp_constants() {
  constants=
  case "$1 $2" in
${constants.join('')}  esac
}

# Adds the words that begin with $tail, behind $head.
_seccomp_offer() {
  local each
  for each in $1; do
    [[ $each == "$tail"* ]] && COMPREPLY+=("$head$each")
  done
}

# Leaves files to readline, which quotes them; beside words they are listed here.
_seccomp_files() {
  local each
  if ((\${#COMPREPLY[@]} == 0)); then
    compopt -o default
  else
    compopt -o filenames
    while IFS= read -r each; do COMPREPLY+=("$each"); done < <(compgen -f -- "$tail")
  fi
}

# Adds the processes.
_seccomp_processes() {
  local each ids=
  for each in /proc/[0-9]*; do ids+=" \${each#/proc/}"; done
  _seccomp_offer "$ids"
}

# What a value of a kind may be.
_seccomp_value() {
  local head= tail=$current constants each
  case $1 in
    '') ;;
    :file) _seccomp_files ;;
    :directory) compopt -o dirnames ;;
    :profile | :filter)
      if [[ $1 == :filter && $current == pid:* ]]; then
        head=pid: tail=\${current#pid:}
        _seccomp_processes
      else
        _seccomp_offer "$_seccomp_profiles"
        [[ $1 == :filter && $current == p* ]] && compopt -o nospace && _seccomp_offer pid:
        _seccomp_files
      fi ;;
    :calls) _seccomp_offer "$_seccomp_syscalls $_seccomp_groups" ;;
    :list)
      tail=\${current##*,} head=\${current%"\${current##*,}"}
      compopt -o nospace
      _seccomp_offer "$_seccomp_syscalls $_seccomp_groups" ;;
    :event)
      if [[ -z $call ]]; then
        for each in $_seccomp_abis; do
          [[ $current == "$each:"* ]] && head=$each: tail=\${current#"$each:"}
        done
        _seccomp_offer "$_seccomp_syscalls"
      else
        _seccomp_constants "$call" "$argument"
        tail=\${current##*|} head=\${current%"\${current##*|}"}
        _seccomp_offer "$constants"
      fi ;;
    :capability) _seccomp_offer "$_seccomp_capabilities" ;;
    :architecture) _seccomp_offer "$_seccomp_architectures" ;;
    :process) _seccomp_processes ;;
    :command)
      if [[ -z $started ]]; then
        while IFS= read -r each; do printf -v 'COMPREPLY[\${#COMPREPLY[@]}]' %q "$each"; done < <(compgen -c -- "$current")
      fi
      ((\${#COMPREPLY[@]} > 0)) || compopt -o default ;;
    :any) ;;
    *) _seccomp_offer "$1" ;;
  esac
}

# The kind of what an option takes: _seccomp_takes COMMAND OPTION
_seccomp_takes() {
  kind=
  case "$1 $2" in
${arms(takes)}  esac
}

# The kind of an argument: _seccomp_argument COMMAND POSITION
_seccomp_argument() {
  kind=
  case "$1 $2" in
${arms(positions)}  esac
}

_seccomp() {
  local IFS=$' \\t\\n' line=\${COMP_LINE:0:COMP_POINT} words=() word blank index
  COMPREPLY=()
  # Bash breaks words at = : and @, which ours contain: what no blank divides is one word.
  for ((index = 0; index <= COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    blank=\${line%%[![:space:]]*}
    line=\${line#"$blank"}
    ((index == COMP_CWORD)) && word=$line
    line=\${line#"$word"}
    if ((index > 0)) && [[ -z $blank ]]; then
      words[\${#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
  done
  local current=\${words[\${#words[@]}-1]} quote=
  case $current in [\\'\\"]*) quote=1 current=\${current:1} ;; esac

  local command= call= kind= options= taking= only= started= position=0 argument=0
  for ((index = 1; index < \${#words[@]} - 1; index++)); do
    word=\${words[index]}
    if [[ -z $command ]]; then
      [[ $word == -* ]] || command=$word
      continue
    fi
    if [[ -n $taking ]]; then
      taking=
    elif [[ -z $only && $word == -- ]]; then
      only=1
    elif [[ -z $only && $word == -* ]]; then
      [[ $word == *=* ]] || { _seccomp_takes "$command" "$word"; taking=$kind; }
    else
      ((++position))
      _seccomp_argument "$command" $position
      case $kind in
        :event) if [[ -z $call ]]; then call=\${word#*:}; else ((++argument)); fi ;;
        # What follows a command is its own.
        :command) only=1 started=1 ;;
      esac
    fi
  done

  case $command in
    '') options='${long(program)}' ;;
${options.join('')}  esac
  if [[ -n $taking ]]; then
    kind=$taking
    _seccomp_value "$kind"
  elif [[ -z $only && $current == --*=* ]]; then
    _seccomp_takes "$command" "\${current%%=*}"
    local whole=$current
    current=\${whole#*=}
    _seccomp_value "$kind"
    for index in "\${!COMPREPLY[@]}"; do COMPREPLY[index]=\${whole%%=*}=\${COMPREPLY[index]}; done
    current=$whole
  elif [[ -z $only && $current == -* ]]; then
    local head= tail=$current
    _seccomp_offer "$options"
  elif [[ -z $command ]]; then
    local head= tail=$current
    _seccomp_offer '${listed(commands.map(({ name }) => name))}'
  else
    ((++position))
    _seccomp_argument "$command" $position
    _seccomp_value "$kind"
  fi

  # Readline replaces what follows the last = or :, and what begins with the last @, unless a quote is open.
  if [[ -z $quote ]]; then
    local prefix=
    [[ $COMP_WORDBREAKS == *=* ]] && prefix=\${current%"\${current##*=}"}
    [[ $COMP_WORDBREAKS == *:* && \${current#"$prefix"} == *:* ]] && prefix=\${current%"\${current##*:}"}
    [[ $COMP_WORDBREAKS == *@* && \${current#"$prefix"} == *@* ]] && prefix=\${current%@*}
    for index in "\${!COMPREPLY[@]}"; do COMPREPLY[index]=\${COMPREPLY[index]#"$prefix"}; done
  fi
}

complete -F _seccomp seccomp
`;
}

/** The script's name for a kind of value, or the words themselves. */
const kindOf = (values: Values): string => (typeof values === 'string' ? `:${values}` : values.join(' '));

/** A `case` pattern, and its kind of value. */
type Arm = readonly [pattern: string, kind: string];

/** A pattern for the position of an argument, and all later ones. */
const from = (command: string, index: number): string =>
  index === 0 ? `'${command} '*` : `'${command} '[${index + 1}-9] | '${command} '[1-9][0-9]*`;

/** The arms of a `case`, grouped by kind. */
const arms = (all: readonly Arm[]): string =>
  [...groupBy(all, ([, kind]) => kind)]
    .map(([kind, group]) => `    ${group.map(([pattern]) => pattern).join(' | ')}) kind='${kind}' ;;\n`)
    .join('');
