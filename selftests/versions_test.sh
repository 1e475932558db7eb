#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A libdm and a kernel that are not made for each other, and what is said then.
#
#	versions_test.sh		in a virtual machine
#	versions_test.sh host		on a kernel without the system call
#	versions_test.sh header NAME	linux/dmapi.h on the standard input as that
#					of version_NAME's libdm
#
# TAP.
out=/tmp/versions.out n=0 bad=0

header() {
	case $1 in
	now) cat ;;
	# Another major version, before and after
	older) sed '/define DMAPI_VERSION/s/0x0001/0x0000/' ;;
	newer) sed '/define DMAPI_VERSION/s/0x0001/0x0002/' ;;
	# A minor version from now on has operations that the kernel does not know,
	# and a member more at the end of each structure.
	minor) sed '/define DMAPI_VERSION/s/0x0001..../0x0001ffff/
		s/\(DMAPI_GET_CHANGE.*DMAPI_EXT\) + [0-9]*,/\1 + 0xff,/' ;;
	longer) awk '
		/^\/\* --- What the operations read -/ { args = 1 }
		/^\/\* --- What the operations read and/ { args = 0 }
		/^struct dmapi_(object|inherit) / { entry = 1 }
		/^};/ { if (args && !entry) print "\t__aligned_u64 more;"; entry = 0 }
		{ print }' | header minor ;;
	# Never were structures as short as this.
	shorter) sed '/^struct dmapi_session {/,/^};/{ /flags;/d; }' ;;
	esac
}

[ "$1" != header ] || { header "$2"; exit; }

result() {	# STATUS WHAT
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		sed 's/^/# /' $out
		bad=1
		echo "not ok $n - $2"
	fi
}

# WHAT ERRNO TEXT CMD...: no service, and it is said why
none() {
	local what=$1 error=$2 text=$3
	shift 3
	! "$@" > $out 2>&1 && grep -q "^$error: .*$text" $out
	result $? "$what"
}

# WHAT NAME CALLS: a service, and these calls fail so
serves() {
	version_"$2" "$f" > $out 2>&1 && [ "$(grep -v ' OK$' $out | tr '\n' ,)" = "$3" ]
	result $? "$1"
}

if [ "$1" = host ]; then
	[ ! -e /sys/kernel/dmapi ] || { echo "1..0 # SKIP this machine's kernel has dmapi()"; exit 4; }
	out=$(mktemp) || exit 1
	trap 'rm -f "$out"' EXIT
	PATH=$PWD/out/user/selftests:$PATH
	echo 1..3
	none "a kernel without the call" ENOSYS 'has no dmapi() system call.*CONFIG_XFS_DMAPI' version_now
	! xfs_io -c dm_sessions /dev/null > $out 2>&1 && grep -q 'has no dmapi() system call' $out
	result $? "xfs_io says so"
	! xfs_hsm status "$0" > $out 2>&1 && grep -q '^xfs_hsm: .*has no dmapi() system call' $out
	result $? "xfs_hsm says so"
	exit $bad
fi

[ -n "$DM_MNT" ] || { echo "1..0 # SKIP DM_MNT is not set: run under scripts/vm"; exit 4; }
f=$DM_MNT/versions
echo data > "$f"
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --)
away=(unshare -m sh -c)

serves "the same version" now "nobody's EINVAL,"
none "a library before this kernel" EPROTONOSUPPORT \
	'is version 1\.[0-9]*, and this libdm knows 0\.[0-9]*: install a newer libdm$' version_older
none "a library after this kernel" EPROTONOSUPPORT \
	'is version 1\.[0-9]*, and this libdm knows 2\.[0-9]*: boot a newer kernel' version_newer
serves "an operation that the kernel does not know" minor "change ENOSYS,nobody's EINVAL,"
serves "members that the kernel does not know" longer "change ENOSYS,nobody's EINVAL,"
serves "a structure that is too short" shorter "nobody's EINVAL,end EINVAL,"
# The session that it could not end keeps the module.
sid=$(xfs_io -c dm_sessions "$f" | sed -n 's/^ *\([0-9]*\).*versions.*/\1/p')
xfs_io -c "dm_destroy $sid" "$f"
none "no privilege" EPERM CAP_SYS_ADMIN "${nobody[@]}" "$(command -v version_now)"
none "root of a user namespace" EPERM container unshare -Ur version_now
! "${nobody[@]}" "$(command -v xfs_io)" -r -c dm_sessions "$f" > $out 2>&1 && grep -q 'needs CAP_SYS_ADMIN' $out
result $? "xfs_io says so"
none "no sysfs" ENOSYS 'not mounted' "${away[@]}" 'mount -t tmpfs t /sys && exec version_now'
none "nothing in sysfs" ENOSYS 'no dmapi()' "${away[@]}" 'mount -t tmpfs t /sys/kernel && exec version_now'
if [ "$DMVM_MODULE" = 1 ]; then
	umount "$DM_MNT" && modprobe -d "$DM_MODDIR" -r xfs
	none "no module" ENODEV 'load xfs' version_now
	modprobe -d "$DM_MODDIR" xfs
	mount -t xfs -o dmapi "$DM_DEV" "$DM_MNT"
fi
echo "1..$n"
exit $bad
