#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The dm_* commands of the patched xfs_io, against the real kernel.  TAP.
n=0 bad=0 f=$DM_MNT/xfs_io out=/tmp/xfs_io.out
[ -n "$DM_MNT" ] || { echo "1..0 # SKIP DM_MNT is not set: run under scripts/vm"; exit 4; }

# WHAT PATTERN CMD...: the commands succeed and print something like PATTERN.
prints() {
	local what=$1 pattern=$2 args=() c
	shift 2
	for c; do args+=(-c "$c"); done
	n=$((n + 1))
	if xfs_io "${args[@]}" "$f" > $out 2>&1 && { [ -z "$pattern" ] || grep -qE -- "$pattern" $out; }; then
		echo "ok $n $what"
	else
		sed 's/^/# /' $out
		bad=1
		echo "not ok $n $what"
	fi
}
# WHAT PATTERN CMD: the command fails and says why.
refuses() {
	n=$((n + 1))
	if ! xfs_io -c "$3" "$f" > $out 2>&1 && grep -qE -- "$2" $out; then
		echo "ok $n $1"
	else
		sed 's/^/# /' $out
		bad=1
		echo "not ok $n $1"
	fi
}

echo 1..21
tr '\0' x < /dev/urandom | head -c 262144 > "$f"
sum=$(sha256sum < "$f")
prints "a handle" '[0-9a-f]{48}' dm_handle
prints "a session is made" '[0-9]' 'dm_create the administrator'
prints "and listed" 'the administrator' dm_sessions
sid=$(xfs_io -c dm_sessions "$f" | sed -n 's/^ *\([0-9]*\).*the administrator.*/\1/p')
prints "and destroyed" '' "dm_destroy $sid"
prints "an attribute is set and read" 'hello' 'dm_attr set HSM hello' 'dm_attr get HSM'
refuses "an attribute that is not there" 'HSM2|No such' 'dm_attr get HSM2'
prints "a region is armed" 'offset: 65536 .*READ|65536 .*r' 'dm_region set r 65536 0' dm_region
prints "what can be punched" '65536' 'dm_probe 65536 0'
refuses "an unaligned punch" 'temporarily|align' 'dm_punch 70000 65536'
prints "a version" '^[0-9]+$' dm_change
v=$(xfs_io -c dm_change "$f")
refuses "a punch of another version" 'tale' "dm_punch -c 1 65536 65536"
prints "a punch of this version" 'hole' "dm_punch -c $v 65536 65536" dm_alloc
prints "a punch" 'hole' 'dm_punch 65536 131072' dm_alloc
n=$((n + 1))
echo fail > "/sys/fs/xfs/$(basename "$DM_DEV")/dmapi/data_policy"
if dd if="$f" bs=64k skip=1 count=1 of=/dev/null 2> /dev/null; then
	bad=1
	echo "not ok $n offline bytes are not readable"
else
	echo "ok $n offline bytes are not readable"
fi
refuses "offline bytes are not declared resident" 'No data|offline|resident' 'dm_region resident 65536 131072'
n=$((n + 1))
if [ "$(head -c 65536 "$f" | sha256sum)" = "$(head -c 65536 "$f" | sha256sum)" ] && [ -n "$sum" ] &&
		[ "$(stat -c %s "$f")" = 262144 ]; then
	echo "ok $n size and resident bytes are as before"
else
	bad=1
	echo "not ok $n size and resident bytes are as before"
fi
prints "where the data is" '^partial$' dm_state
prints "no mark" 'not marked' dm_managed
prints "a mark" '^marked' 'dm_managed on' dm_managed
prints "and none" 'not marked' 'dm_managed off' dm_managed
refuses "a mark that is neither" 'dm_managed' 'dm_managed yes'
exit $bad
