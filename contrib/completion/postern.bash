# Generated from the commands of postern.
# shellcheck shell=bash disable=SC2207
_postern() {
  local current=${COMP_WORDS[COMP_CWORD]} at=postern word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
    'postern serve' | 'postern config' | 'postern config check' | 'postern uplinks' | 'postern uplinks test' | 'postern uplinks drain' | 'postern uplinks drill' | 'postern uplinks resume' | 'postern queue' | 'postern queue list' | 'postern queue show' | 'postern queue retry' | 'postern queue hold' | 'postern queue release' | 'postern queue remove' | 'postern trace' | 'postern events' | 'postern notify' | 'postern notify test' | 'postern records' | 'postern init' | 'postern check' | 'postern postfix' | 'postern postfix plan' | 'postern postfix apply' | 'postern postfix watch' | 'postern demo' | 'postern completion') at="$at $word" ;;
    esac
  done
  COMPREPLY=()
  case "${COMP_WORDS[COMP_CWORD-1]}" in
    --config) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --for) COMPREPLY=(); return ;;
    --reason) COMPREPLY=(); return ;;
    --domain) COMPREPLY=(); return ;;
    --sender) COMPREPLY=(); return ;;
    --recipient) COMPREPLY=(); return ;;
    --state) COMPREPLY=($(compgen -W 'queued active deferred held in_doubt' -- "$current")); return ;;
    --format) COMPREPLY=($(compgen -W 'text json html' -- "$current")); return ;;
    --selector) COMPREPLY=(); return ;;
    --backup-mx) COMPREPLY=(); return ;;
    --hostname) COMPREPLY=(); return ;;
    --uplink) COMPREPLY=(); return ;;
    --store) COMPREPLY=(); return ;;
    --relay-from) COMPREPLY=(); return ;;
    --explain) COMPREPLY=(); return ;;
    --only) COMPREPLY=(); return ;;
    --skip) COMPREPLY=(); return ;;
    --fail-on) COMPREPLY=($(compgen -W 'error warning notice' -- "$current")); return ;;
    --blocklist) COMPREPLY=(); return ;;
    --timeout) COMPREPLY=(); return ;;
    --port) COMPREPLY=(); return ;;
    --every) COMPREPLY=(); return ;;
    --save-facts) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --facts) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --postfix-config) COMPREPLY=(); return ;;
  esac
  case "$at" in
    'postern') COMPREPLY=($(compgen -W 'serve config uplinks queue trace events notify records init check postfix demo completion --version' -- "$current")) ;;
    'postern serve') COMPREPLY=($(compgen -W '--config' -- "$current")) ;;
    'postern config') COMPREPLY=($(compgen -W 'check' -- "$current")) ;;
    'postern config check') COMPREPLY=($(compgen -W '--config --json' -- "$current")) ;;
    'postern uplinks') COMPREPLY=($(compgen -W 'test drain drill resume --config --json --watch' -- "$current")) ;;
    'postern uplinks test') COMPREPLY=($(compgen -W '--config --json' -- "$current")) ;;
    'postern uplinks drain') COMPREPLY=($(compgen -W '--config --for --reason' -- "$current")) ;;
    'postern uplinks drill') COMPREPLY=($(compgen -W '--config --json --for' -- "$current")) ;;
    'postern uplinks resume') COMPREPLY=($(compgen -W '--config' -- "$current")) ;;
    'postern queue') COMPREPLY=($(compgen -W 'list show retry hold release remove' -- "$current")) ;;
    'postern queue list') COMPREPLY=($(compgen -W '--config --json --domain --sender --recipient --state' -- "$current")) ;;
    'postern queue show') COMPREPLY=($(compgen -W '--config --json --raw' -- "$current")) ;;
    'postern queue retry') COMPREPLY=($(compgen -W '--config --json --domain --sender --recipient --state --all' -- "$current")) ;;
    'postern queue hold') COMPREPLY=($(compgen -W '--config --json --domain --sender --recipient --state --all' -- "$current")) ;;
    'postern queue release') COMPREPLY=($(compgen -W '--config --json --domain --sender --recipient --state --all' -- "$current")) ;;
    'postern queue remove') COMPREPLY=($(compgen -W '--config --json --domain --sender --recipient --state --all' -- "$current")) ;;
    'postern trace') COMPREPLY=($(compgen -W '--config --json' -- "$current")) ;;
    'postern events') COMPREPLY=($(compgen -W '--config --json --follow' -- "$current")) ;;
    'postern notify') COMPREPLY=($(compgen -W 'test' -- "$current")) ;;
    'postern notify test') COMPREPLY=($(compgen -W '--config --json' -- "$current")) ;;
    'postern records') COMPREPLY=($(compgen -W '--config --json --format --diff --wait --selector --backup-mx' -- "$current")) ;;
    'postern init') COMPREPLY=($(compgen -W '--config --json --hostname --domain --uplink --store --relay-from --backup --dry-run --no-input' -- "$current")) ;;
    'postern check') COMPREPLY=($(compgen -W '--config --json --uplink --explain --only --skip --fail-on --selector --blocklist --intrusive --timeout --port --format --watch --every --save-facts --facts' -- "$current")) ;;
    'postern postfix') COMPREPLY=($(compgen -W 'plan apply watch' -- "$current")) ;;
    'postern postfix plan') COMPREPLY=($(compgen -W '--config --postfix-config --json' -- "$current")) ;;
    'postern postfix apply') COMPREPLY=($(compgen -W '--config --postfix-config --json --yes --undo' -- "$current")) ;;
    'postern postfix watch') COMPREPLY=($(compgen -W '--config --postfix-config' -- "$current")) ;;
    'postern demo') COMPREPLY=($(compgen -W '--json --no-namespaces' -- "$current")) ;;
    'postern completion') COMPREPLY=($(compgen -W 'bash zsh fish' -- "$current")) ;;
  esac
}
complete -o filenames -F _postern postern
