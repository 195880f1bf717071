# SPDX-License-Identifier: BSD-3-Clause
# What zsh has on the command line after the Tab key: completion.zsh FOLDER-OF-SCRIPT TEXT
# A real shell on a terminal of its own, because completion works nowhere else.
zmodload zsh/zpty
zpty shell 'zsh -f -i'
say() { zpty -w shell "$1" }
say "PROMPT= RPROMPT= ; unsetopt zle_bracketed_paste; unset zle_bracketed_paste; stty cols 500"
say "fpath=(${(q)1} \$fpath); autoload -Uz compinit && compinit -D -u; setopt no_list_beep no_beep"
# Whatever the line has become is printed between marks, by the line editor itself.
say 'show() { print -r -- "[[$BUFFER]]"; BUFFER= }; zle -N show; bindkey "^X" show'
say 'print READY'
zpty -r -m shell line '*READY*READY*' || exit 1
zpty -w -n shell "$2"$'\t'
sleep 0.3
zpty -w -n shell $'\x18'
zpty -r -m shell line '*\[\[*\]\]*' || exit 1
print -r -- "${${line##*\[\[}%%\]\]*}"
zpty -d shell
