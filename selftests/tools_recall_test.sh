#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The usual tools on stubs, with xfs_hsm there to bring the data back: what comes
# out is right, whatever the tool makes of holes and extents.  Then without it,
# where tools must say that they failed.  And tools that only look, or would take
# a file's blocks for their own purposes.  TAP.
[ -n "$DM_MNT" ] || { echo "1..0 # SKIP DM_MNT is not set: run under scripts/vm"; exit 4; }
dir=$DM_MNT/tools f=$dir/f orig=/tmp/orig n=0 bad=0
size=525824	# 512 KiB and three sectors; a quarter of it zeros that count
. "${0%/*}/tools.sh"
export XFS_HSM_ARCHIVE=/tmp/archive
policy=/sys/fs/xfs/${DM_DEV##*/}/dmapi/data_policy
daemon=

start_daemon() {
	rm -f /tmp/ready
	xfs_hsm daemon --ready-file /tmp/ready "$DM_MNT" 2>> /tmp/daemon.log &
	daemon=$!
	for _ in {1..200}; do
		[ ! -e /tmp/ready ] || return 0
		sleep 0.05
	done
	echo "Bail out! no daemon"
	exit 1
}
stop_daemon() { kill -TERM $daemon; wait $daemon; }
# Its session outlives the daemon and is there for the next one; what it asked for
# does not outlive the mount.
nobody() {
	umount "$DM_MNT" && mount -o dmapi "$DM_DEV" "$DM_MNT" || echo "Bail out! remount"
}

# A stub of all bytes, or but for the first 64 KiB.
away() {	# FILE [all]
	xfs_hsm migrate -q ${2:---stub-bytes 64K} "$1" > /tmp/tools.out 2>&1
	[ "$(xfs_hsm status --json "$1" | sed -n 's/.*"offline": \([0-9]*\).*/\1/p')" -gt 0 ]
}
all="--stub-bytes 0"

tool() { command -v "$1" > /dev/null; }

# The tool's copy at $out is right, and so is the stub afterwards.
copies() {	# WHAT CMD...
	local what=$1 kind rc
	shift
	tool "$1" || { skip "$what"; return; }
	for kind in "" "$all"; do
		rm -rf "$out"
		away "$f" "$kind" || { result 1 "$what: no stub"; return; }
		timeout 60 "$@" > /tmp/tools.out 2>&1
		rc=$?
		[ $rc = 0 ] && cmp "$out" $orig >> /tmp/tools.out 2>&1 &&
			cmp "$f" $orig >> /tmp/tools.out 2>&1
		result $? "$what${kind:+, nothing resident} (status $rc)"
	done
}

# The same for what says by its status that it found the right bytes.
works() {	# WHAT SHELL-COMMAND
	local kind rc
	for kind in "" "$all"; do
		away "$f" "$kind" || { result 1 "$1: no stub"; return; }
		timeout 60 bash -o pipefail -c "$2" > /tmp/tools.out 2>&1
		rc=$?
		result $rc "$1${kind:+, nothing resident} (status $rc)"
	done
}

# Only looks: at once, with nobody there, and without a byte coming back.
looks() {	# WHAT SHELL-COMMAND
	timeout 10 bash -o pipefail -c "$2" > /tmp/tools.out 2>&1 && [ "$(stat -c %b "$f")" = "$blocks" ]
	result $? "$1"
}

extents() { xfs_io -r -c "bmap" "$1" | grep -c '[0-9]\.\.[0-9]*$'; }
state() { getfattr -d -m - -e hex --absolute-names "$1" 2>&1; }

# A region for TRUNCATE over all of it: managed, all there, and free to read.
arm() { setfattr -n trusted.XDSM_RECORD -v 0x5844534d0001000000000001000000000000000000000000000000000000000000000000000000000000000400000000 "$1"; }

# A file in many pieces.
fragmented() {	# FILE
	local i
	rm -f "$1" "$1.between"
	for i in {0..7}; do
		dd if=$orig of="$1" bs=64k seek="$i" skip="$i" count=1 conv=notrunc oflag=direct
		dd if=$orig of="$1.between" bs=64k seek="$i" skip="$i" count=1 conv=notrunc oflag=direct
	done 2> /dev/null
	sync
}

echo "TAP version 13"
mkdir -p "$dir" $XFS_HSM_ARCHIVE
{ head -c 196608 /dev/urandom | tr '\0' x; head -c 131072 /dev/zero
  head -c $((size - 327680)) /dev/urandom | tr '\0' y; } > $orig
cp --sparse=never $orig "$f"
sync
out=$dir/out export f out orig dir

# --- The data comes back -------------------------------------------------------
start_daemon
for s in always auto never; do
	copies "cp --sparse=$s" cp --sparse=$s "$f" "$out"
done
copies "cp --reflink=always" cp --reflink=always "$f" "$out"
copies "cat" bash -c 'cat $f > $out'
copies "dd conv=sparse" dd if="$f" of="$out" bs=64k conv=sparse
copies "dd, direct" dd if="$f" of="$out" bs=64k iflag=direct
copies "rsync -S" rsync -S "$f" "$out"
copies "rsync --inplace" rsync --inplace "$f" "$out"
copies "install" install "$f" "$out"
copies "qemu-img convert to raw" qemu-img convert -f raw -O raw "$f" "$out"
copies "tar -S" bash -c 'tar -C $dir -Scf /tmp/out.tar f && mkdir /tmp/x && tar -C /tmp/x -xf /tmp/out.tar && cp /tmp/x/f $out; rm -r /tmp/x'
copies "xfs_io copy_range" xfs_io -fc "copy_range $f" "$out"
copies "xfs_io reflink" xfs_io -fc "reflink $f" "$out"
works "cmp" 'cmp $f $orig'
works "tar -S --diff" 'tar -C $dir -Scf /tmp/out.tar f && tar -C $dir -df /tmp/out.tar'
if tool qemu-img; then
	works "qemu-img convert to qcow2" 'qemu-img convert -f raw -O qcow2 $f /tmp/out.qcow2 && qemu-img compare -f raw -F qcow2 $orig /tmp/out.qcow2'
	works "qemu-img compare" 'qemu-img compare -f raw -F raw $f $orig'
else
	skip "qemu-img"
fi
# A file that was never shared: with direct I/O a loop device on one that was has
# blocks of 4 KiB, on 7.3, and cannot read the last sectors of any such file.
rm -f "$f" && cp --sparse=never $orig "$f" && sync
for direct in off on; do
	works "losetup, direct I/O $direct" '
		l=$(losetup -r --direct-io='$direct' --show -f $f) || exit 1
		cmp $l $orig; rc=$?; losetup -d $l; exit $rc'
done

# A copy that got the record and the DM attributes, too: the bytes or an error.
away "$f" "$all" && rm -f "$out" && timeout 60 rsync -S -X "$f" "$out" > /tmp/tools.out 2>&1
if cmp "$out" $orig >> /tmp/tools.out 2>&1; then rc=0; else ! grep -q differ /tmp/tools.out; rc=$?; fi
result $rc "rsync -S -X: $(tail -n 1 /tmp/tools.out)"

# What is written into a stub by its owner's tools.
changed=/tmp/changed
{ head -c 100000 $orig; echo "something else"; tail -c +100100 $orig; } > $changed
for how in "--inplace" "-S --inplace" "--inplace --append-verify" ""; do
	rm -f "$f" && cp --sparse=never $orig "$f" && sync
	src=$changed
	[[ $how != *append* ]] || { src=/tmp/longer; { cat $orig; echo more; } > $src; }
	away "$f" "$all" && timeout 60 rsync --no-whole-file $how $src "$f" > /tmp/tools.out 2>&1 &&
		cmp "$f" $src >> /tmp/tools.out
	result $? "rsync ${how:---temp-file} onto a stub"
done
rm -f "$f" && cp --sparse=never $orig "$f" && sync
away "$f" "$all" && timeout 60 dd if=$orig of="$f" bs=1000 skip=150 seek=150 count=10 conv=notrunc \
	> /tmp/tools.out 2>&1 && cmp "$f" $orig
result $? "dd into the middle of a stub"

# --- Nobody is there ---------------------------------------------------------------
away "$f"
fragmented "$dir/frag"
state "$dir/frag" > /dev/null
setfattr -n trusted.SGI_DMI_mine -v kept "$dir/frag" "$f"
cp -a --sparse=never "$dir/frag" /tmp/frag.orig
fragmented "$dir/stub"
setfattr -n trusted.SGI_DMI_mine -v kept "$dir/stub"
away "$dir/stub"
fragmented "$dir/armed"
setfattr -n trusted.SGI_DMI_mine -v kept "$dir/armed"
arm "$dir/armed"
fragmented "$dir/free"
stop_daemon
nobody
blocks=$(stat -c %b "$f")

looks "stat and du" '[ $(stat -c %s $f) = '$size' ] && [ $(du -k $f | cut -f1) = $((('$blocks' + 1) / 2)) ]'
looks "filefrag: data of unknown place" 'filefrag -v $f | grep -q unknown_loc'
looks "xfs_io fiemap: no hole" 'xfs_io -r -c "fiemap -v" $f | tee /dev/stderr | grep -q delalloc\\\|0x[0-9a-f]*[67] && ! xfs_io -r -c fiemap $f | grep -q hole'
looks "xfs_io seek: data up to the end" '[ "$(xfs_io -r -c "seek -h 0" $f | awk "/HOLE/ { print \$2 }")" = '$size' ] && xfs_io -r -c "seek -d 100000" $f | grep -q "DATA.*100000"'
looks "xfs_io bmap: the blocks as they are" 'xfs_io -r -c bmap $f | grep -q hole'
tool qemu-img && looks "qemu-img map: data, no zeros" '! qemu-img map -f raw --output=json $f | tee /dev/stderr | grep -q "\"zero\": true\|\"data\": false"'

# Blocks of a file with a record are nobody's to swap on, be it a stub or all there.
truncate -s 0 "$dir/swap" && chmod 600 "$dir/swap" && dd if=/dev/zero of="$dir/swap" bs=1M count=2 2> /dev/null
mkswap "$dir/swap" > /dev/null 2>&1
cp --sparse=never --reflink=never "$dir/swap" "$dir/swap2" && chmod 600 "$dir/swap2" && sync
swapon "$dir/swap" > /tmp/tools.out 2>&1 && swapoff "$dir/swap"
result $? "swapon of a file that nobody manages"
arm "$dir/swap2"
! swapon "$dir/swap2" > /tmp/tools.out 2>&1
result $? "swapon of an armed file is refused"
xfs_hsm migrate -q "$dir/swap2" 2> /dev/null
echo fail > "$policy"
! swapon "$dir/swap2" > /tmp/tools.out 2>&1
result $? "swapon of a stub is refused"

# xfs_fsr exchanges a file's blocks behind its back.
for file in free frag armed stub; do
	before=$(state "$dir/$file")
	pieces=$(extents "$dir/$file")
	xfs_fsr -v "$dir/$file" > /tmp/tools.out 2>&1
	after=$(state "$dir/$file")
	echo "$pieces extents, now $(extents "$dir/$file")" >> /tmp/tools.out
	[ "$before" = "$after" ]
	result $? "xfs_fsr of $file: attributes are kept"
	if [ $file = free ] || [ $file = frag ]; then
		[ "$pieces" -gt 2 ] && [ "$(extents "$dir/$file")" -lt "$pieces" ]
		result $? "xfs_fsr of $file: has something to do and does it"
	fi
done

for s in never auto always; do
	refuses "cp --sparse=$s, nobody there" cp --sparse=$s "$f" "$out"
done
refuses "dd conv=sparse, nobody there" dd if="$f" of="$out" bs=64k conv=sparse
tells "rsync --inplace, nobody there" rsync --inplace "$f" "$out"
refuses "cat, nobody there" bash -c 'cat $f > $out'
tells "cmp, nobody there" cmp "$f" $orig
tells "qemu-img convert, nobody there" qemu-img convert -f raw -O raw "$f" "$out"
tells "qemu-img convert to qcow2, nobody there" qemu-img convert -f raw -O qcow2 "$f" "$out"
tells "rsync --inplace onto a stub, nobody there" rsync --inplace --no-whole-file $changed "$f"
refuses "losetup and dd, nobody there" bash -c '
	l=$(losetup -r --show -f $f) || exit 1
	dd if=$l of=$out bs=64k; rc=$?; losetup -d $l; exit $rc'

# All is as it was.
echo block > "$policy"
start_daemon
for file in free frag armed stub; do
	cmp -n 524288 "$dir/$file" $orig > /tmp/tools.out 2>&1
	result $? "$file is what it was"
done
cmp "$f" $orig > /tmp/tools.out 2>&1
result $? "and so is the file that all failed on"
stop_daemon
echo "1..$n"
exit $bad
