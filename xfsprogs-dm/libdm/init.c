// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The service: which system call, and which version of it
 *
 * The number of the call is not the same on every kernel, and a number that
 * belongs to something else must never be called.  The kernel therefore states
 * its own in sysfs, with the version of the interface.
 */
#include <fcntl.h>
#include <stdlib.h>
#include "libdm.h"

#ifndef DM_SYSFS
#define DM_SYSFS	"/sys/kernel/dmapi/"
#endif

_Atomic int libdm_syscall_nr = -1;

/* The number that a file of sysfs holds, or -1 */
static long sysfs_number(const char *path)
{
	char text[32], *end;
	ssize_t len;
	long val;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return -1;
	text[len] = '\0';
	val = strtol(text, &end, 0);
	if (end == text || (*end && *end != '\n') || val > INT32_MAX)
		return -1;
	return val;
}

static int same_major(long version)
{
	return version >= 0 && version >> 16 == DMAPI_VERSION >> 16;
}

int dm_init_service(char **versionstrpp)
{
	static char version[] = DM_VER_STR_CONTENTS;
	long nr, ret;

	if (libdm_copy(versionstrpp, versionstrpp, sizeof(*versionstrpp)))
		return -1;

	nr = sysfs_number(DM_SYSFS "syscall_nr");
	if (nr < 0 || !same_major(sysfs_number(DM_SYSFS "version")))
		goto absent;

	/* A worker may not ask.  He has a descriptor, and sysfs has said it. */
	ret = syscall(nr, (unsigned long)DMAPI_GET_VERSION, NULL, 0UL, 0UL);
	if (!same_major(ret) && (ret >= 0 || errno != EPERM))
		goto absent;

	atomic_store_explicit(&libdm_syscall_nr, (int)nr, memory_order_relaxed);
	*versionstrpp = version;
	return 0;

absent:
	errno = ENOSYS;
	return -1;
}
