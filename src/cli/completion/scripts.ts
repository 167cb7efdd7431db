// The scripts that hook tcompose into the shells. All they know is how to ask, and how to show the answer.

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** In the answer: one candidate a line, a tab before its summary; `:files` or `:directories` alone for paths. */
export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: `# source <(tcompose completion bash)
_tcompose() {
  local answer IFS=$'\\n'
  answer=$(tcompose complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
  case $answer in
    :files) compopt -o default; COMPREPLY=() ;;
    :directories) compopt -o dirnames; COMPREPLY=() ;;
    *) COMPREPLY=($(cut -f 1 <<<"$answer")) ;;
  esac
  [[ \${#COMPREPLY[@]} == 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
complete -F _tcompose tcompose
`,
  zsh: `#compdef tcompose
# source <(tcompose completion zsh)
_tcompose() {
  local answer line
  local -a candidates
  answer=$(tcompose complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null) || return 1
  case $answer in
    :files) _files; return ;;
    :directories) _files -/; return ;;
  esac
  for line in "\${(@f)answer}"; do
    [[ -n $line ]] && candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe tcompose candidates
}
compdef _tcompose tcompose
`,
  fish: `# tcompose completion fish | source
function __tcompose_complete
    set -l answer (tcompose complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)
    switch "$answer[1]"
        case :files
            __fish_complete_path (commandline -ct)
        case :directories
            __fish_complete_directories (commandline -ct)
        case '*'
            printf '%s\\n' $answer
    end
end
complete -c tcompose -f -a '(__tcompose_complete)'
`,
};
