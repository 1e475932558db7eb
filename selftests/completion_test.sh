#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# bash completion of xfs_hsm and xfs_io: what follows what.  TAP; needs no kernel.
n=0 bad=0
# What the package bash-completion has
_init_completion() {
	words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
	cur=${words[cword]} prev=${words[cword - 1]}
}
_filedir() { COMPREPLY=(files"$1"); }
cd "${0%/*}/../xfsprogs-dm/completion" && . ./xfs_hsm && . ./xfs_io || exit 1

# PATTERN WORD...: the last word is completed to something like PATTERN
offers() {
	local pattern=$1
	shift
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	"_$1"
	n=$((n + 1))
	if [[ " ${COMPREPLY[*]} " =~ $pattern ]]; then
		echo "ok $n $*"
	else
		echo "# ${COMPREPLY[*]}"
		echo "not ok $n $*"
		bad=1
	fi
}

echo "TAP version 13"
offers ' daemon migrate ' xfs_hsm ''
offers '^ recall release $' xfs_hsm re
offers ' --archive .* --json ' xfs_hsm recall --
offers '^ files-d $' xfs_hsm recall -a ''
offers '^ files $' xfs_hsm recall -a /archive ''
offers '^ files-d $' xfs_hsm daemon ''
offers ' dm_attr .* dm_write ' xfs_io -c dm_
offers ' pread .* pwrite ' xfs_io -c p
offers '^ files $' xfs_io -c dm_state ''
echo "1..$n"
exit $bad
