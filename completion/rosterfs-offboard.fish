# SPDX-License-Identifier: Apache-2.0
# fish completion for rosterfs-offboard. An email is not completed: nobody should be locked out by a Tab.
complete -c rosterfs-offboard -f
complete -c rosterfs-offboard -s n -d 'change nothing'
complete -c rosterfs-offboard -s m -x -a '(__fish_complete_directories)' -d 'the mount'
