// The completion script for `seccomp` in fish.
import type { CommandGrammar, OptionGrammar, Values } from './grammar.js';
import type { CompletionWords, ValueKind } from './values.js';

/** The script for a command line. */
export function fishScript(
  commands: readonly CommandGrammar[],
  program: readonly OptionGrammar[],
  words: CompletionWords,
): string {
  const valued = commands.flatMap(({ name, options }) =>
    options.flatMap(({ names, values }) =>
      values === undefined ? [] : names.map(option => `${name}${option}`),
    ),
  );
  const constants = words.constants.map(
    ({ places, names }) =>
      `        case ${places.map(place => `'${place}'`).join(' ')}\n            printf '%s\\n' ${names.join(' ')}\n`,
  );
  const lines = [
    'complete -c seccomp -f',
    ...program.map(option => `complete -c seccomp -n __seccomp_has_no_command ${optionText(option)}`),
    ...commands.flatMap(({ name, description, options, arguments: args }) => [
      `complete -c seccomp -n __seccomp_has_no_command -a ${name} -d ${quoted(description)}`,
      ...options.map(option => `complete -c seccomp -n '__seccomp_is_in ${name}' ${optionText(option)}`),
      ...args.map(({ values, variadic }, index) => {
        const positions = `${index + 1}${variadic ? ' more' : ''}`;
        return `complete -c seccomp -n '__seccomp_is_at ${name} ${positions}' ${valuesText(values)}`;
      }),
    ]),
  ];
  return `# fish completion for seccomp: written by \`seccomp completion fish\`.

set -g __seccomp_valued ${valued.join(' ')}

# The subcommand that was typed, and the arguments after it.
function __seccomp_typed
    set -l words (commandline -opc)
    set -l typed
    set -l skip
    set -l only
    for word in $words[2..]
        if test -n "$skip"
            set skip
        else if test -z "$only" -a "$word" = --
            set only 1
        else if test -z "$only"; and string match -q -- '-*' $word
            contains -- "$typed[1]$word" $__seccomp_valued; and set skip 1
        else
            set -a typed $word
            # What follows a command is its own.
            contains -- "$typed[1] "(count $typed) ${ownWords(commands)}; and set only 1
        end
    end
    test (count $typed) -gt 0; and printf '%s\\n' $typed
end

function __seccomp_has_no_command
    test (count (__seccomp_typed)) -eq 0
end

function __seccomp_is_in
    set -l typed (__seccomp_typed)
    test "$typed[1]" = $argv[1]
end

# Whether an argument of a subcommand is next, or, with more, one after it.
function __seccomp_is_at
    set -l typed (__seccomp_typed)
    test "$typed[1]" = $argv[1]; or return
    test (count $typed) -eq $argv[2]; or test (count $argv) -gt 2 -a (count $typed) -gt $argv[2]
end

function __seccomp_profiles
    printf '%s\\n' ${words.profiles.join(' ')}
end

function __seccomp_filters
    __seccomp_profiles
    string match -q 'pid:*' -- (commandline -ct); and string replace -rf '.*/([0-9]+)$' 'pid:$1' /proc/*
end

function __seccomp_capabilities
    printf '%s\\n' ${words.capabilities.join(' ')}
end

function __seccomp_architectures
    printf '%s\\n' ${words.architectures.join(' ')}
end

function __seccomp_calls
    printf '%s\\n' ${[...words.syscalls, ...words.groups].join(' ')}
end

function __seccomp_list
    set -l head (string match -r '.*,' -- (commandline -ct))
    printf '%s\\n' "$head"(__seccomp_calls)
end

# A system call, then the constants of its arguments.
function __seccomp_event
    set -l typed (__seccomp_typed)
    set -l arguments $typed[3..]
    if test (count $arguments) -eq 0
        set -l head (string match -r '^(?:${words.abis.join('|')}):' -- (commandline -ct))
        printf '%s\\n' "$head"{${words.syscalls.join(',')}}
        return
    end
    set -l head (string match -r '[^"\\'].*[|]' -- (commandline -ct))
    printf '%s\\n' "$head"(__seccomp_constants (string replace -r '^.*:' '' -- $arguments[1])' '(math (count $arguments) - 1))
end

function __seccomp_constants
    switch $argv[1]
${constants.join('')}    end
end

function __seccomp_processes
    string replace -rf '.*/([0-9]+)$' '$1' /proc/*
end

# Whether one of the machine's commands was typed.
function __seccomp_has_command
    set -l typed (__seccomp_typed)
    switch $typed[1]
${commands.flatMap(({ name, arguments: args }) => args.flatMap(({ values }, index) => (values === 'command' ? [`        case ${name}\n            test (count $typed) -gt ${index + 1}\n`] : []))).join('')}    end
end

function __seccomp_command
    if __seccomp_has_command
        __fish_complete_path (commandline -ct)
    else
        __fish_complete_command
    end
end

${lines.join('\n')}
`;
}

/**
 * The positions of other commands in the command line, as `run 3`: the number of words before, including the
 * subcommand.
 */
const ownWords = (commands: readonly CommandGrammar[]): string =>
  commands
    .flatMap(({ name, arguments: args }) =>
      args.flatMap(({ values }, index) => (values === 'command' ? [`'${name} ${index + 2}'`] : [])),
    )
    .join(' ');

const optionText = ({ names, values, description }: OptionGrammar): string => {
  const flags = names.map(name => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const value = values === undefined ? '-f' : `-r ${valuesText(values)}`;
  return `${flags.join(' ')} ${value} -d ${quoted(description)}`;
};

/** The options of `complete` for the values of an option. */
function valuesText(values: Values): string {
  if (typeof values !== 'string') return `-f -a ${quoted(values.join(' '))}`;
  return KINDS[values];
}

const KINDS: Readonly<Record<ValueKind, string>> = {
  file: '-F',
  directory: "-f -a '(__fish_complete_directories (commandline -ct))'",
  profile: "-F -a '(__seccomp_profiles)'",
  filter: "-F -a '(__seccomp_filters)'",
  calls: "-f -a '(__seccomp_calls)'",
  list: "-f -a '(__seccomp_list)'",
  event: "-f -a '(__seccomp_event)'",
  capability: "-f -a '(__seccomp_capabilities)'",
  architecture: "-f -a '(__seccomp_architectures)'",
  process: "-f -a '(__seccomp_processes)'",
  command: "-f -a '(__seccomp_command)'",
  any: '-f',
};

const quoted = (text: string): string => `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
