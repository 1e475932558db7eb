#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Backup tools and restore tools: what they carry, that a restored file is offline
# exactly if its copy was, and that none ever has zeros for what is away.  Without a
# recall, with one, and where that cannot be.  TAP.
[ -n "$DM_MNT" ] || { echo "1..0 # SKIP DM_MNT is not set: run under scripts/vm"; exit 4; }
n=0 bad=0 src=$DM_MNT/src orig=/tmp/orig second=/tmp/second group=4243
export XFS_HSM_ARCHIVE=/tmp/archive LC_ALL=C
. "${0%/*}/tools.sh"
: > /tmp/tools.out

daemon=
start_daemon() {	# MOUNT...
	rm -f /tmp/ready
	xfs_hsm daemon --ready-file /tmp/ready "$@" 2>> /tmp/daemon.log &
	daemon=$!
	for _ in {1..400}; do
		[ ! -e /tmp/ready ] || return 0
		sleep 0.05
	done
	echo "Bail out! no daemon"
	exit 1
}
stop_daemon() { kill -TERM $daemon; wait $daemon; }
sysfs() { echo "$3" > "/sys/fs/xfs/${1##*/}/dmapi/$2"; }
# What nobody answers does not stop a restore: all that it writes is there.
alone() { sysfs "$DM_DEV" data_policy continue; sysfs "$DM_DEV" backup_gid $group; }
carrying() { setpriv --groups $group "$@"; }

state() { getfattr -n system.dmapi.state --only-values --absolute-names "$1"; }
# All attributes; the record's flags say only that a restore was not cut off.
attrs() {
	getfattr -h -d -m - -e hex --absolute-names "$1" | grep -av '^#' |
		sed 's/^\(trusted.XDSM_RECORD=0x.\{12\}\)..../\1----/' | sort
}
# The same without the record, which a recall changes.
dm_attrs() { attrs "$1" | grep -av XDSM_RECORD; }

files="resident managed partial offline sparse small born"
objects="$files dir dir/in link"

make_source() {
	local f
	mkdir -p $XFS_HSM_ARCHIVE "$src/dir" $orig $second
	# No zero anywhere, so that one is found
	for f in resident managed partial offline; do
		head -c 525824 /dev/urandom | tr '\0' x > $orig/$f
	done
	head -c 5000 /dev/urandom | tr '\0' y > $orig/small
	truncate -s 655360 $orig/sparse
	head -c 65536 /dev/urandom | tr '\0' z | dd of=$orig/sparse bs=64k seek=4 conv=notrunc 2> /dev/null
	echo born > $orig/born
	for f in $files; do cp --sparse=auto $orig/$f "$src/$f" || return; done
	sync
	head -c 65536 /dev/urandom > /tmp/64k
	ln -s nowhere "$src/link"
	echo in > "$src/dir/in"
	for f in $objects; do
		setfattr -h -n trusted.SGI_DMI_DMFATTR -v 0x00ff0a "$src/$f" || return
		setfattr -h -n $'trusted.SGI_DMI_\x80\xff/ =x' -v 0x3d00 "$src/$f" || return
		setfattr -h -n trusted.SGI_DMX_61006200000000ff -v 0x01 "$src/$f" || return
	done
	setfattr -n trusted.SGI_DMI_large -v "0s$(base64 -w0 < /tmp/64k)" "$src/managed" || return
	# DESTROY
	for f in $objects; do
		setfattr -h -n trusted.XDSM_EVENTS -v 0x58444d4c0001000000000000001000000000000000000000 "$src/$f" || return
	done
	# WRITE and TRUNCATE, all of it
	setfattr -n trusted.XDSM_RECORD -v 0x5844534d0001000000000001000000000000000000000000000000000000000000000000000000000000000600000000 "$src/managed"
}

# Everything that was in the source is in $1, wherever its data is.
carried() {	# WHAT DIR TREE-OF-ATTRIBUTES
	local f
	for f in $objects; do
		attrs "$2/$f" | diff - "$3.$(basename $f)" > /tmp/tools.out 2>&1
		result $? "$1: attributes of $f"
	done
}
same_state() {	# WHAT DIR
	local f
	for f in $files; do
		[ "$(state "$2/$f")" = "$(cat /tmp/state.$f)" ]
		result $? "$1: $f is $(state "$2/$f"), as its copy was"
	done
}
honest_data() {	# WHAT DIR: no daemon; right bytes, an error, or waiting for one
	local f
	for f in $files; do
		timeout 3 cmp "$2/$f" $orig/$f > /tmp/tools.out 2>&1 || ! grep -q differ /tmp/tools.out
		result $? "$1: $f has no zeros"
	done
}
right_data() {	# WHAT DIR: with a daemon
	local f
	for f in $files; do
		timeout 60 cmp "$2/$f" $orig/$f > /tmp/tools.out 2>&1
		result $? "$1: $f is right"
	done
}

remember() {
	local f
	for f in $objects; do attrs "$src/$f" > "/tmp/attrs.$(basename $f)"; done
	for f in $files; do state "$src/$f" > "/tmp/state.$f"; done
}

stubs() {
	xfs_hsm migrate -q --stub-bytes 64K "$src/partial" && xfs_hsm migrate -q "$src/offline" "$src/sparse" "$src/small"
}

mount_second() {	# OPTIONS: a fresh file system
	umount $second 2> /dev/null
	mkfs.xfs -q -f "$DM_DEV2" && mount ${1:+-o $1} "$DM_DEV2" $second || echo "Bail out! second"
	[ -z "$1" ] || sysfs "$DM_DEV2" data_policy continue
}

# The ways of restoring: to here, to there, to where nobody manages.
places() {	# WHAT RESTORE: a command that leaves the files in $dest
	local what=$1 where
	shift
	for where in same managed unmanaged; do
		case $where in
		same)	dest=$DM_MNT/restored; rm -rf "$dest"; alone ;;
		managed) mount_second dmapi; dest=$second/r ;;
		unmanaged) mount_second ""; dest=$second/r ;;
		esac
		mkdir -p "$dest"
		export dest
		timeout 60 bash -o pipefail -c "$*" > /tmp/tools.out 2>&1
		result $? "$what, $where: restores"
		if [ $where = unmanaged ]; then
			umount $second && mount -o dmapi "$DM_DEV2" $second
		fi
		[ $where = same ] || sysfs "$DM_DEV2" data_policy fail
		sysfs "$DM_DEV" data_policy fail
		[ ! -d "$dest/src" ] || dest=$dest/src
		carried "$what, $where" "$dest" /tmp/attrs
		same_state "$what, $where" "$dest"
		honest_data "$what, $where" "$dest"
		if [ $where = same ]; then start_daemon "$DM_MNT"; else start_daemon "$DM_MNT" $second; fi
		right_data "$what, $where" "$dest"
		stop_daemon
	done
}

echo "TAP version 13"
if ! make_source > /tmp/tools.out 2>&1 || ! stubs >> /tmp/tools.out 2>&1; then
	result 1 "files"
	echo "1..$n"
	exit 1
fi
export src orig
remember
cp /tmp/state.offline /tmp/tools.out
[ "$(cat /tmp/state.offline) $(cat /tmp/state.partial) $(cat /tmp/state.managed)" = "offline partial resident" ]
result $? "stubs"

# --- Nothing comes back ------------------------------------------------------------
alone
blocks=$(stat -c %b "$src/offline" "$src/partial")
carrying tar -C "$DM_MNT" -S --xattrs --xattrs-include='*' -cf /tmp/src.tar src > /tmp/tools.out 2>&1
result $? "tar -S --xattrs, carrying the record"
command -v xfsdump > /dev/null && dump=1 || dump=
if [ $dump ]; then
	xfsdump -J -v silent -l 0 -L s -M m -s src -f /tmp/src.dump "$DM_MNT" > /tmp/tools.out 2>&1
	result $? "xfsdump"
else
	skip xfsdump
fi
[ "$(stat -c %b "$src/offline" "$src/partial")" = "$blocks" ]
result $? "nothing came back"
[ "$(stat -c %s /tmp/src.tar)" -lt 2500000 ]
result $? "and nothing that is away is in the archive ($(stat -c %s /tmp/src.tar))"

# Without the record nobody is told of holes.
carrying tar -C "$DM_MNT" -cf /tmp/no.tar src > /tmp/tools.out 2>&1
[ $? != 0 ]
result $? "tar without -S says that it failed"
for how in "cp --sparse=auto" "cp -a" "rsync -X" "rsync -S -X"; do
	rm -f "$DM_MNT/out"
	timeout 20 setpriv --groups $group $how "$src/offline" "$DM_MNT/out" > /tmp/tools.out 2>&1
	[ $? != 0 ] && { [ ! -e "$DM_MNT/out" ] || ! cmp "$DM_MNT/out" $orig/offline 2>&1 | grep -q differ; }
	result $? "$how, not to recall: fails, and leaves no zeros"
done

places "tar" 'tar -C $dest --xattrs --xattrs-include="*" -xf /tmp/src.tar'
[ $dump ] && places "xfsdump" 'xfsrestore -J -v silent -f /tmp/src.dump $dest'

# --- The data comes back while it is copied ------------------------------------------
omitted='^$'
copies() {	# WHAT COMMAND: from $src to $dest, as a whole
	local what=$1
	shift
	stubs > /tmp/tools.out 2>&1
	result $? "$what: stubs"
	remember
	for f in $objects; do dm_attrs "$src/$f" > "/tmp/dm.$(basename $f)"; done
	mount_second dmapi
	dest=$second/r
	mkdir -p $dest
	export dest
	start_daemon "$DM_MNT" $second
	timeout 120 bash -o pipefail -c "$*" > /tmp/tools.out 2>&1
	result $? "$what"
	[ ! -d "$dest/src" ] || dest=$dest/src
	for f in $objects; do
		diff <(dm_attrs "$dest/$f" | grep -av "$omitted") <(grep -av "$omitted" "/tmp/dm.$(basename $f)") \
			> /tmp/tools.out 2>&1
		result $? "$what: attributes of $f"
	done
	stop_daemon
	for f in managed partial offline small born resident; do
		[ "$(state "$dest/$f")" = resident ]
		result $? "$what: $f is all here ($(state "$dest/$f"))"
	done
	start_daemon "$DM_MNT" $second
	right_data "$what" "$dest"
	stop_daemon
	sysfs "$DM_DEV" data_policy block
}
# The daemon refuses writes to what another application armed.
setfattr -x trusted.XDSM_RECORD "$src/managed"
copies "tar --xattrs" 'tar -C $src/.. --xattrs --xattrs-include="*" -cf - src | tar -C $dest --xattrs --xattrs-include="*" -xf -'
copies "tar -S --xattrs" 'tar -C $src/.. -S --xattrs --xattrs-include="*" -cf - src | tar -C $dest --xattrs --xattrs-include="*" -xf -'
copies "rsync -aX" 'rsync -aX $src $dest/'
# libattr, of which cp is made, has these in the list of what is not copied.
omitted='^trusted\.SGI_DMI_'
copies "cp -a" 'cp -a $src $dest/'

# --- The root directory ------------------------------------------------------------------
# The mark, the file system's event list (DESTROY), what is inherited (DMFATTR, by all).
root_is() {	# WHAT
	getfattr -d -m 'trusted.XDSM' -e hex --absolute-names $second | grep -av '^#' | LC_ALL=C sort |
		diff - /tmp/attrs.root > /tmp/tools.out 2>&1
	result $? "$1: what the root directory has"
}
setfattr -n trusted.XDSM_MANAGED -v 0x58444d4d00010000 "$DM_MNT"
setfattr -n trusted.XDSM_FS_EVENTS -v 0x58444d4c0001000000000000001000000000000000000000 "$DM_MNT"
setfattr -n trusted.XDSM_INHERIT -v 0x58444d4900010001444d4641545452000000000000000000 "$DM_MNT"
getfattr -d -m 'trusted.XDSM' -e hex --absolute-names "$DM_MNT" | grep -av '^#' | LC_ALL=C sort > /tmp/attrs.root
mount_second dmapi
tar -C "$DM_MNT" --xattrs --xattrs-include='*' --no-recursion -cf - . |
	tar -C $second --xattrs --xattrs-include='*' -xf -
root_is "tar"
mount_second dmapi
rsync -dX --exclude='*' "$DM_MNT/" $second/ > /tmp/tools.out 2>&1
root_is "rsync"
umount $second && mount "$DM_DEV2" $second && [ -e /sys/fs/xfs/${DM_DEV2##*/}/dmapi ]
result $? "a restored mark makes it managed"

umount $second
echo "1..$n"
exit $bad
