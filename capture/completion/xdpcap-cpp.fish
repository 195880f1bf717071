# SPDX-License-Identifier: BSD-3-Clause
# fish completion of xdpcap-cpp: the tool itself says what could come next.
function __xdpcap_cpp_complete
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    set -l typed (commandline --current-token --cut-at-cursor)
    for line in (command $words[1] --complete $words[2..] "$typed" 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path "$typed"
        else
            echo $line
        end
    end
end
complete --command xdpcap-cpp --no-files --arguments '(__xdpcap_cpp_complete)'
