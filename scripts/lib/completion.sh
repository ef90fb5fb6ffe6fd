# Help texts of the commands that are Java, and shell completion from all help texts. Starts no JVM. Sourced by scripts/penstock.
# shellcheck shell=bash

HELP_DIR=$ROOT/scripts/help # generated, and checked by HelpTextsTest

# help_text COMMAND [ARGUMENTS...]: shows the text of a command that is Java, if --help is among the arguments; else false.
help_text() {
  local command=$1 file=$HELP_DIR/$1.txt
  shift
  [[ ! ${1:-} =~ ^[a-z][a-z-]*$ || ! -f $HELP_DIR/$command-$1.txt ]] || file=$HELP_DIR/$command-$1.txt
  [[ -f $file ]] && wants_help "$@" || return 1
  [[ $command != submit ]] || submit_usage
  cat "$file"
}

# The commands that the usage lists.
offered_commands() { usage | sed -nE 's/^  ([a-z]+)( [a-z]+)?  +[^ ].*/\1/p' | sort -u; }

# offered_words COMMAND: the words that may follow it at once.
offered_words() {
  local file
  case $1 in
    model) printf 'fetch\n' ;;
    kafka) printf '%s\n' "${!KAFKA_TOOLS[@]}" ;;
    completion) printf '%s\n' bash zsh ;;
    logs) printf '%s\n' kafka jobmanager taskmanager-1 taskmanager-2 taskmanager-3 build ;;
    *)
      for file in "$HELP_DIR/$1"-*.txt; do
        [[ ! -f $file ]] || basename "${file#"$HELP_DIR/$1-"}" .txt
      done
      ;;
  esac
}

# offered_options COMMAND [WORD]: the options in the help's first paragraph (Usage) and at the beginning of its lines.
offered_options() {
  "$ROOT/scripts/penstock" "$@" --help | sed -nE '/^Usage:/,/^[^ U]/p; /^ +(-[A-Za-z], +)?--/p' |
    sed -E '/^ +(-[A-Za-z], +)?--/s/^( +(-[A-Za-z], +)?--[a-z0-9-]+).*/\1/' |
    grep -oE -- '--[a-z][a-z0-9-]*' | cat - <(printf -- '--help\n') | sort -u
}

# Cases of a shell's "case", one for each command and for each of its second words.
completion_cases() {
  local command word words
  for command in $(offered_commands); do
    words=$(offered_words "$command" | paste -sd ' ' -)
    for word in $words; do
      [[ ! -f $HELP_DIR/$command-$word.txt ]] ||
        printf "    '%s %s') words='%s' ;;\n" "$command" "$word" "$(offered_options "$command" "$word" | paste -sd ' ' -)"
    done
    # shellcheck disable=SC2086 # words
    printf "    '%s'*) words='%s' ;;\n" "$command " "$({ printf '%s\n' $words; offered_options "$command"; } | paste -sd ' ' -)"
  done
}

cmd_completion() {
  case ${1:-} in
    -h | --help)
      cat <<USAGE
Usage: scripts/penstock completion bash|zsh
Prints a script that completes commands and options at TAB. For the shell you are in:
  bash   source <(scripts/penstock completion bash)
  zsh    source <(scripts/penstock completion zsh)
The same line in ~/.bashrc or ~/.zshrc, with the whole path of scripts/penstock, does it for good.
USAGE
      return 0
      ;;
    bash) ;;
    # shellcheck disable=SC2016 # for zsh to expand
    zsh) printf '%s\n' '(( ${+functions[compdef]} )) || { autoload -U +X compinit && compinit }' 'autoload -U +X bashcompinit && bashcompinit' ;;
    *) die_usage "completion: which shell: '${1:-}'; there is: completion bash, completion zsh" completion ;;
  esac
  cat <<SCRIPT
_penstock() {
  local current=\${COMP_WORDS[COMP_CWORD]} words=''
  case "\$COMP_CWORD:\${COMP_WORDS[1]} \${COMP_WORDS[2]}" in
    1:*) words='$(offered_commands | paste -sd ' ' -) --help' ;;
  esac
  [[ -n \$words ]] || case "\${COMP_WORDS[1]} \${COMP_WORDS[2]}" in
$(completion_cases)
  esac
  COMPREPLY=(\$(compgen -W "\$words" -- "\$current"))
}
complete -o default -o bashdefault -F _penstock penstock
SCRIPT
}
