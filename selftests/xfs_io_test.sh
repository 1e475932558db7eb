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

# --- Attributes, of one object and of all --------------------------------------
h=$(xfs_io -c dm_handle "$f" | sed 's/.* //')
root=$(xfs_io -c dm_handle "$DM_MNT" | sed 's/.* //')
json='"ino": [0-9]*, .*"size": 262144, .*"attributes": 1'
prints "what is told of a file" ' size=262144 .*events=read regions=1 attributes=1$' dm_stat
prints "in JSON" "$json" 'dm_stat -j'
prints "by its handle" ' size=262144 ' "dm_stat -H $h"
refuses "a handle that is none" 'bad handle -- nothex' 'dm_stat -H nothex'
refuses "a handle that is dead" 'Bad file|no longer|stale' "dm_stat -H ${h%????}ffff"
prints "attributes are changed" 'mode=100640 .*mtime=1000000000 ' \
	'dm_set mode=640 mtime=1000000000' dm_stat
refuses "a number that is none" 'bad attribute -- size=many' 'dm_set size=many'
refuses "an attribute that is not known" 'bad attribute -- colour' 'dm_set colour=7'
prints "a scan of all, with an attribute" "\"handle\": \"$h\", .*\"value\": \"hello\"" 'dm_bulk -j -a HSM'
mkdir -p "$DM_MNT/xfs_io.d" && touch "$DM_MNT/xfs_io.d/in it"
d=$(xfs_io -c dm_handle "$DM_MNT/xfs_io.d" | sed 's/.* //')
prints "a scan of a directory" ' name=in it ino=' "dm_dir -H $d"
prints "a path" "^$f\$" "dm_path -D $root -H $h"
prints "a file is opened by its handle" 'stat.size = 262144' "dm_open -r $h" stat

# --- What is inherited -----------------------------------------------------------
prints "a name that is inherited" '^name=HSM type=file$' 'dm_inherit set HSM file' dm_inherit
prints "and no more" '' 'dm_inherit clear HSM'
n=$((n + 1))
if [ -z "$(xfs_io -c dm_inherit "$f")" ]; then
	echo "ok $n nothing is inherited"
else
	bad=1
	echo "not ok $n nothing is inherited"
fi
refuses "a type that is none" 'bad type -- door' 'dm_inherit set HSM door'
prints "what new files begin with" '^events=destroy region=w$' 'dm_born -F destroy w' 'dm_born -F'
prints "and nothing" '"events": "-", "region": "-"' 'dm_born -F - -' 'dm_born -Fj'

# --- Configuration, data ---------------------------------------------------------
prints "what there is" '^max_attribute_size=65536$' dm_config
prints "in JSON" '"pers_events": 1,.*"events": "cancel,mount' 'dm_config -j'
prints "where it is mounted" " path=$DM_MNT source=" dm_mountinfo
prints "direct I/O" '^memory=[0-9]+ minimum=' dm_dioinfo
prints "a read" '^read 4096/4096 bytes' 'dm_read -o /tmp/xfs_io.data 0 4k'
n=$((n + 1))
if cmp -n 4096 "$f" /tmp/xfs_io.data; then echo "ok $n of the right bytes"; else bad=1; echo "not ok $n of the right bytes"; fi
prints "what is away is zeros to a manager" '^read 4096/4096 bytes' 'dm_read 65536 4096'
prints "a recall by hand" '^resident$' 'dm_write -w -S 0x41 65536 131072' 'dm_region resident 65536 131072' dm_sync dm_state

# --- Sessions, messages, tokens --------------------------------------------------
sid=$(xfs_io -c 'dm_create the administrator' "$f")
prints "a disposition" '^fs=[0-9a-f]{16} events=read,destroy$' "dm_disp -s $sid read,destroy" "dm_disp -s $sid"
prints "what destroy carries" '' "dm_on_destroy -s $sid HSM"
touch "$DM_MNT/gone"
xfs_io -c 'dm_eventlist destroy' -c 'dm_attr set HSM bye' "$DM_MNT/gone" && rm "$DM_MNT/gone"
sync; echo 3 > /proc/sys/vm/drop_caches
prints "and it does" '"event": "destroy", .*"attr": "HSM", "value": "bye"' "dm_events -jwn 1 -s $sid"
prints "a message" '^user token=0 .*data=good morning$' "dm_send -s $sid good morning" "dm_events -s $sid"
t=$(xfs_io -c "dm_userevent -s $sid my own" "$f")
prints "a token" "^user token=$t .*data=my own\$" "dm_tokens -s $sid"
prints "its right" '^excl$' "dm_right -s $sid -t $t request shared" "dm_right -s $sid -t $t upgrade" \
	"dm_right -s $sid -t $t"
refuses "without it another call" 'Permission|denied' "dm_stat -H $root -s $sid -t $t"
prints "it is shared, and none" '^none$' "dm_right -s $sid -t $t downgrade" \
	"dm_right -s $sid -t $t release" "dm_right -s $sid -t $t"
prints "its reference" '^held$' "dm_ref -s $sid -t $t hold" "dm_ref -s $sid -t $t"
refuses "a session that is not empty" 'busy' "dm_destroy $sid"
prints "it is answered" '' "dm_ref -s $sid -t $t rele" "dm_respond -s $sid $t"

prints "a punch again" 'hole' 'dm_region set r 0 0' 'dm_punch 65536 131072' dm_alloc
(dd if="$f" of=/dev/null bs=64k skip=1 count=1 2> /tmp/xfs_io.dd; echo $? > /tmp/xfs_io.rc) &
prints "an event that comes" 'read token=[0-9]+ .*offset=65536 ' "dm_events -wn 1 -s $sid"
t=$(xfs_io -c "dm_tokens -s $sid" "$f" | sed 's/.*token=\([0-9]*\).*/\1/')
other=$(xfs_io -c 'dm_create another' "$f")
prints "takes its time, and moves" '^[0-9]+$' "dm_pending -s $sid $t 5" "dm_move -s $sid $t $other"
t=$(xfs_io -c "dm_tokens -s $other" "$f" | sed 's/.*token=\([0-9]*\).*/\1/')
prints "and is refused" '' "dm_respond -a EIO -s $other $t"
wait
n=$((n + 1))
if [ "$(cat /tmp/xfs_io.rc)" != 0 ] && grep -q 'Input/output error' /tmp/xfs_io.dd; then
	echo "ok $n and so is who read"
else
	bad=1
	echo "not ok $n and so is who read"
fi
prints "no sessions" '' "dm_disp -s $sid -" "dm_destroy $sid" "dm_destroy $other"
# A session of the command's own, which answers, and ends with it.
(sleep 2; cat "$f" > /dev/null 2>&1) &
prints "a session for the time being" '"event": "read"' 'dm_events -fj -n 1 -d read -a EIO'
wait
refuses "events of no session" 'dm_events' dm_events
n=$((n + 1))
if [ -z "$(xfs_io -c dm_sessions "$f")" ]; then
	echo "ok $n no session is left"
else
	xfs_io -c dm_sessions "$f" | sed 's/^/# /'
	bad=1
	echo "not ok $n no session is left"
fi

# --- Made again ------------------------------------------------------------------
gone=$(xfs_io -f -c dm_handle "$DM_MNT/again" | sed 's/.* //')
rm "$DM_MNT/again"
sync; echo 3 > /proc/sys/vm/drop_caches
prints "a handle that was is again" "$gone" "dm_make -H $root file $gone again" "dm_open $gone" dm_handle
refuses "but not twice" 'exists' "dm_make -H $root dir $gone once-more"
refuses "a kind that is none" 'dm_make' "dm_make pipe $gone x"

# --- Every command explains itself -----------------------------------------------
for c in $(xfs_io -c help | sed -n 's/^\(dm_[a-z_]*\) .*/\1/p'); do
	prints "help $c" '^ ' "help $c"
done
echo "1..$n"
exit $bad
