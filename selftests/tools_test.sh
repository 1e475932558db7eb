#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the usual tools make of a file that is offline in part, with nobody there
# to bring it back: each says that it failed, none leaves a whole file with
# zeros in it.  TAP.
dir=$DM_MNT/tools f=$DM_MNT/tools/f size=262144 n=0 bad=0
[ -n "$DM_MNT" ] || { echo "1..0 # SKIP DM_MNT is not set: run under scripts/vm"; exit 4; }

. "${0%/*}/tools.sh"

# 256 KiB without a zero, of which the third 64 KiB are offline.
make_files() {
	rm -rf "$dir"
	mkdir "$dir"
	tr '\0' x < /dev/urandom | head -c 262144 > "$dir/whole"
	cp --sparse=never "$dir/whole" "$f"
	sync
	fallocate -p -o 131072 -l 65536 "$f"
	setfattr -n trusted.XDSM_RECORD -v \
		0x5844534d000100000000000000000001000000000000000000000000000200000000000000030000 "$f"
}

whole() {	# the file itself is as it was
	: > /tmp/tools.out
	cmp -n 131072 "$f" "$dir/whole" && cmp -i 196608 "$f" "$dir/whole"
	result $? "$1: what is resident is right"
	! head -c 131073 "$f" > /tmp/head.out 2> /dev/null || [ "$(stat -c %s /tmp/head.out)" -le 131072 ]
	result $? "$1: what is offline is an error"
}

policy=/sys/fs/xfs/${DM_DEV##*/}/dmapi/data_policy
echo "TAP version 13"
for mount in dmapi plain; do
	umount "$DM_MNT"
	if [ $mount = dmapi ]; then
		mount -o dmapi "$DM_DEV" "$DM_MNT"
		echo fail > "$policy"
	else
		mount "$DM_DEV" "$DM_MNT"
	fi
	if ! make_files > /tmp/tools.out 2>&1; then
		result 1 "$mount: files"
		break
	fi
	refuses "$mount: cp" cp "$f" "$dir/out"
	refuses "$mount: cp --sparse=always" cp --sparse=always "$f" "$dir/out"
	refuses "$mount: cp --sparse=auto --reflink=never" cp --sparse=auto --reflink=never "$f" "$dir/out"
	refuses "$mount: cp --reflink=always" cp --reflink=always "$f" "$dir/out"
	refuses "$mount: cp to another file system" cp "$f" /tmp/tools.away
	refuses "$mount: cat" bash -c "cat $f > $dir/out"
	refuses "$mount: dd" dd if="$f" of="$dir/out" bs=64k
	refuses "$mount: dd, direct" dd if="$f" of="$dir/out" bs=64k iflag=direct
	refuses "$mount: rsync" rsync "$f" "$dir/out"
	refuses "$mount: rsync -S -X" rsync -S -X "$f" "$dir/out"
	refuses "$mount: install" install "$f" "$dir/out"
	refuses "$mount: xfs_io copy_range" bash -c \
		"xfs_io -fc 'copy_range $f' $dir/out; cmp $dir/out $dir/whole"
	refuses "$mount: xfs_io reflink" bash -c \
		"xfs_io -fc 'reflink $f' $dir/out; cmp $dir/out $dir/whole"
	tells "$mount: cmp" cmp "$f" "$dir/whole"
	tells "$mount: sha256sum" sha256sum "$f"
	tells "$mount: grep" grep -c nothing-like-this "$f"
	tells "$mount: tar" tar -cf /tmp/out.tar "$f"
	tells "$mount: gzip" gzip -c "$f"
	# cpio says it and exits with 0; tar -S takes an error for the end of the
	# file and says nothing, so there is nothing to test.
	tells "$mount: cpio" bash -c "echo $f | cpio -o 2>&1 > /tmp/out.cpio | grep -q error && exit 1"
	tells "$mount: fallocate --dig-holes" fallocate --dig-holes "$f"
	whole "$mount"

	# An mv within the file system, a link and a chmod need no data.
	{ mv "$f" "$dir/g" && ln "$dir/g" "$f" && chmod 600 "$f"; } > /tmp/tools.out 2>&1
	result $? "$mount: mv, ln, chmod"
	# tar and rsync of the resident part only, as a control that they can work
	refuses "$mount: cmp of a copy that was told to succeed" cmp "$f" "$dir/whole"
	cp "$dir/whole" "$dir/out" && cmp "$dir/out" "$dir/whole" > /tmp/tools.out 2>&1
	result $? "$mount: cp of a whole file works"
	if command -v xfs_fsr > /dev/null; then
		xfs_fsr -v "$f" > /tmp/tools.out 2>&1
		whole "$mount: after xfs_fsr"
	fi
	# Copied with its record the copy is protected, whatever the tool did.
	rm -f "$dir/out"
	truncate -s 262144 "$dir/out"
	getfattr -d -m trusted.XDSM --absolute-names "$f" 2> /dev/null | sed "s,^# file: .*,# file: $dir/out," |
		setfattr --restore=- > /tmp/tools.out 2>&1
	! dd if="$dir/out" of=/dev/null skip=2 count=1 bs=64k 2>> /tmp/tools.out
	result $? "$mount: a restored record protects"
	dd if="$dir/out" bs=64k count=2 2>> /tmp/tools.out | cmp -n 131072 - /dev/zero >> /tmp/tools.out 2>&1
	result $? "$mount: and nothing else"
done
echo "1..$n"
exit $bad
