#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A file server exports the managed file system to a client in the same machine.
# The server's threads must not wait: the client is told to come back, a worker
# of the kernel waits for the manager, and in the end the client has the right
# bytes.  Other clients of the same server are served meanwhile.  TAP.
n=0 bad=0
[ -n "$DM_MNT" ] || { echo "1..0 # SKIP DM_MNT is not set: run under scripts/vm"; exit 4; }
grep -qw nfsd /proc/filesystems || { echo "1..0 # SKIP no NFS server in this kernel"; exit 0; }

result() {	# STATUS WHAT
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n $2"
	else
		bad=1
		echo "not ok $n $2"
	fi
}

# What exportfs and mountd would say, if there were any.
serve() {
	local never=2147483647
	ip link set lo up
	mkdir -p /mnt/nfs
	mount -t nfsd nfsd /proc/fs/nfsd 2> /dev/null
	echo "nfsd 127.0.0.1 $never *" > /proc/net/rpc/auth.unix.ip/channel
	echo "* $DM_MNT $never $((0x2402)) 65534 65534 0" > /proc/net/rpc/nfsd.export/channel
	printf '* 1 \\x00000000 %s %s\n' $never "$DM_MNT" > /proc/net/rpc/nfsd.fh/channel
	echo "-3 +4 +4.1 +4.2" > /proc/fs/nfsd/versions
	echo 10 > /proc/fs/nfsd/nfsv4leasetime
	echo 10 > /proc/fs/nfsd/nfsv4gracetime
	echo "tcp 2049" > /proc/fs/nfsd/portlist
	echo 4 > /proc/fs/nfsd/threads || return 1
	mount -i -t nfs4 -o vers=4.1,addr=127.0.0.1,clientaddr=127.0.0.1,proto=tcp,noac \
		127.0.0.1:/ /mnt/nfs
}

serve
result $? "the managed file system is exported and mounted"
sleep 11	# the server waits for clients of former times: for none
[ $bad = 0 ] || { dmesg | tail -n 20 | sed 's/^/# /'; echo "1..$n"; exit 1; }
nfs_work "$DM_MNT" /mnt/nfs > /tmp/nfs.out 2>&1
result $? "a client's reads and writes wait for the manager"
sed 's/^/# /' /tmp/nfs.out

# Who does without a recall has an error at once, and no worker waits for him.
if xfs_io -c 'help dm_punch' 2> /dev/null | grep -q frees; then
	sys=/sys/fs/xfs/$(basename "$DM_DEV")/dmapi f=norecall.$$
	head -c 131072 /dev/zero | tr '\0' x > "$DM_MNT/$f"
	xfs_io -c 'dm_region set r 0 0' -c 'dm_punch 0 0' "$DM_MNT/$f" > /dev/null
	echo 4242 > "$sys/norecall_gid"
	events=$(cat "$sys/events")
	timeout 20 setpriv --regid 4242 --clear-groups cat "/mnt/nfs/$f" > /tmp/norecall.out 2> /tmp/norecall.err
	[ $? = 1 ] && [ ! -s /tmp/norecall.out ] && grep -q 'Input/output error' /tmp/norecall.err &&
		[ "$events" = "$(cat "$sys/events")" ] && [ "$(cat "$sys/waiters")" = 0 ]
	result $? "a client that does without a recall has an error"
	sed 's/^/# /' /tmp/norecall.err
	echo -1 > "$sys/norecall_gid"
	rm -f "$DM_MNT/$f"
fi
umount /mnt/nfs
result $? "the client is unmounted"
echo 0 > /proc/fs/nfsd/threads
echo "1..$n"
exit $bad
