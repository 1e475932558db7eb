#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The packages: they build, lintian finds no error, what belongs in each is there,
# and a program is built with nothing but them.  TAP; needs no kernel.
cd "${0%/*}/.." || exit 1
n=0 bad=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		sed 's/^/# /' "$tmp/out"
		echo "not ok $n - $2"
		bad=1
	fi
}
has() {	# PACKAGE PATTERN...
	local p=$1 re rc=0
	shift
	dpkg-deb -c "out/deb/${p}"_*.deb > "$tmp/list" 2>&1 || rc=1
	: > "$tmp/out"
	for re; do
		grep -qE "$re" "$tmp/list" || { echo "no $re in $p" >> "$tmp/out"; rc=1; }
	done
	result $rc "$p"
}

echo "TAP version 13"
scripts/deb --no-xfsprogs > "$tmp/out" 2>&1
result $? "they are built, without an error of lintian's"
has libdm0 '/libdm\.so\.0 -> ' '/libdm\.so\.0\.[0-9.]+$'
has libdm-dev '/libdm\.so -> ' '/libdm\.a$' '/libdm\.pc$' '/include/dmapi\.h$' '/include/dmapi_ext\.h$' \
	'/include/sys/dmi\.h$' '/man2/dmapi\.2\.gz$' '/man3/dm_get_events\.3\.gz$'
has xfs-hsm '/usr/sbin/xfs_hsm$' '/man8/xfs_hsm\.8\.gz$' '/completions/xfs_hsm$'
has linux-dmapi-patches '/xfs-dmapi/6\.12/series$' '/xfs-dmapi/7\.3/series$' '/0001-.*\.patch$'

for p in libdm0 libdm-dev linux-dmapi-patches; do
	dpkg-deb -x out/deb/${p}_*.deb "$tmp/root"
done
printf '#include <sys/dmi.h>\n#include <dmapi_ext.h>\nint main(void) { char *v; return !dm_init_service(&v); }\n' > "$tmp/t.c"
export PKG_CONFIG_SYSROOT_DIR=$tmp/root PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
lib=$(dirname "$(find "$tmp/root" -name libdm.a)")
export PKG_CONFIG_PATH=$lib/pkgconfig
# shellcheck disable=SC2046
cc -Wall -Werror "$tmp/t.c" $(pkg-config --cflags --libs libdm) -o "$tmp/t" > "$tmp/out" 2>&1 &&
	LD_LIBRARY_PATH=$lib "$tmp/t" >> "$tmp/out" 2>&1
result $? "a program, by pkg-config, on a kernel without the series"
rc=0
for base in 6.12 7.3; do
	scripts/dmqueue.py series $base "$tmp/$base" > "$tmp/out" 2>&1 &&
		diff -r "$tmp/$base" "$tmp/root/usr/src/xfs-dmapi/$base" > "$tmp/out" 2>&1 || rc=1
done
result $rc "the series, as make series has it"
echo "1..$n"
exit $bad
