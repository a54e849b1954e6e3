# SPDX-License-Identifier: Apache-2.0
# fish completion for rosterfs. Options, mount options and arguments are those that `rosterfs --help` names.

# The lines WORD<tab>DESCRIPTION of the part "options" or "mount" of the help in the other arguments.
function __rosterfs_described
    printf '%s\n' $argv[2..-1] | awk -v part=$argv[1] '
        /^Mount options:/ { here = "mount"; next }
        here == "mount" && /^[^ ]/ { exit }
        part == "options" && here != "mount" && /^ {2,6}-/ || part == here && /^  [a-z]/ {
            sub(/^ +/, "")
            head = text = $0
            if (sub(/  .*/, "", head)) sub(/^.*  /, "", text)
            count = split(head, words, /,? /)
            for (i = 1; i <= count; i++) {
                sub(/=[A-Z]+$/, "=", words[i])
                if (part == "mount" || words[i] ~ /^-/) print words[i] "\t" text
            }
        }'
end

# The names of the arguments that a command line with the options of the first argument has, by the help in the others.
function __rosterfs_arguments
    printf '%s\n' $argv[2..-1] | awk -v options=" $argv[1] " '
        /^$/ { exit }
        {
            sub(/^usage:/, "")
            sub(/^ *rosterfs /, "")
            option = $1
            sub(/[=[].*/, "", option)
            $1 = $1 == "[options]" ? "usual" : $1
            if ($1 == "usual" || index(options, " " option " ") || index(options, " " option "=")) {
                sub(/^[^ ]+ /, "")
                gsub(/\[-[^]]*\] */, "") # options that may stand among them
                gsub(/[][]/, "")
                names = $0
            }
        }
        END { gsub(/ /, "\n", names); print names }'
end

function __rosterfs_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l help (begin; $words[1] --help; or rosterfs --help; end 2>/dev/null)
    set -l options
    set -l arguments
    set -l before ''
    for word in $words[2..-1]
        if string match -q -- '-*' $word
            set -a options $word
        else if test "$before" != -o
            set -a arguments $word
        end
        set before $word
    end
    if test "$before" = -o
        set -l typed (string match -r -- '^.*,' $current)
        for line in (__rosterfs_described mount $help)
            echo "$typed$line"
        end
        return
    end
    if string match -q -- '-*' $current
        __rosterfs_described options $help
        return
    end
    set -l names (__rosterfs_arguments "$options" $help)
    set -l index (math (count $arguments) + 1)
    switch "$names[$index]"
        case CONFIG FILE
            __fish_complete_path $current
        case MOUNTPOINT
            __fish_complete_directories $current ''
        case PATH
            sed -nE 's/^[[:space:]]*\[([^]]+)\].*/\1\//p' $arguments[1] 2>/dev/null | grep -vx rosterfs/
        case WORD
            printf 'active\ninactive\n'
    end
end

complete -c rosterfs -f -a '(__rosterfs_complete)'
