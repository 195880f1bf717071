# SPDX-License-Identifier: BSD-3-Clause
# bash completion of xdpcap-cpp: the tool itself says what could come next.
_xdpcap_cpp() {
  local line files=
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      files=yes
    else
      COMPREPLY+=("${line%%$'\t'*}")
    fi
  done < <("$1" --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [[ $files ]]; then
    compopt -o filenames 2>/dev/null
    local word=$2
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$word")
  fi
  # More may follow: in a list, after "--fate=" and after "duration:".
  [[ ${COMPREPLY[0]-} == *[,:=]* || ${COMP_WORDS[COMP_CWORD - 1]} == @(*actions|=) ]] &&
    compopt -o nospace 2>/dev/null
  return 0
}
complete -F _xdpcap_cpp xdpcap-cpp
