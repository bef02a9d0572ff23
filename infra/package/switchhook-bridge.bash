# Completion of switchhook-bridge for bash.
_switchhook_bridge() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words
  case $previous in
    --config | --asterisk | --key-file) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    --folder | --state-folder | --etc) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
    --user) mapfile -t COMPREPLY < <(compgen -u -- "$word"); return ;;
  esac
  case ${COMP_WORDS[1]} in
    setup) words='--api --dry-run --yes --undo --asterisk --folder --state-folder --user --http-port --ami-port --health-port --forwarding --no-dial-plan --key-file --zone --country --prefix --no-start' ;;
    enroll) words='--api --folder' ;;
    check) words='--config --etc --json' ;;
    top) words='--config --port --every --once' ;;
    quarantine) words='list retry erase --config --country --prefix' ;;
    *) words='setup enroll check top quarantine --config --print-config --version --help' ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _switchhook_bridge switchhook-bridge
