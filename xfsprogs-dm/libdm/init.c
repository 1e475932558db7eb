// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The service: which system call, which version of it, and if there is none, why
 *
 * The number of the call is not the same on every kernel, and a number that
 * belongs to something else must never be called.  The kernel therefore states
 * its own in sysfs, with the version of the interface.
 *
 * Kernels and libraries of different versions meet.  Another major version is one
 * that the library does not know.  A minor only adds, so what both know works;
 * what an older kernel lacks fails as a function of a kernel without the call
 * does, and not with an error that sounds as if an argument were wrong.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "dmapi_ext.h"
#include "libdm.h"

#ifndef DM_SYSFS
#define DM_SYSFS	"/sys/kernel/dmapi/"
#endif
#define DM_SYSFS_ABOVE	"/sys/kernel"

#define MAJOR(version)	((unsigned int)((version) >> 16))
#define MINOR(version)	((unsigned int)((version) & 0xffff))

_Atomic int libdm_syscall_nr = -1;
_Atomic int libdm_kernel_version;

static _Thread_local char why[256];

const char *dmx_init_error(void)
{
	return why;
}

static int __attribute__((format(printf, 2, 3)))
fail(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	errno = error;
	return -1;
}

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
	if (end == text || (*end && *end != '\n') || val < 0 || val > INT32_MAX)
		return -1;
	return val;
}

static int absent(void)
{
	if (access(DM_SYSFS_ABOVE, F_OK))
		return fail(ENOSYS, "/sys, where the kernel tells the number of the dmapi() system call, is not mounted");
	return fail(ENOSYS, "this kernel has no dmapi() system call: boot one that was built with CONFIG_XFS_DMAPI");
}

static int other_major(long version)
{
	return fail(EPROTONOSUPPORT, "the kernel's data management interface is version %u.%u, and this libdm knows %u.%u: %s",
		    MAJOR(version), MINOR(version), MAJOR(DMAPI_VERSION),
		    MINOR(DMAPI_VERSION), version > DMAPI_VERSION ?
		    "install a newer libdm" :
		    "boot a newer kernel, or install an older libdm");
}

/* The call itself did not say its version. */
static int refused(int error)
{
	switch (error) {
	case EPERM:
		return fail(EPERM, "data management needs CAP_SYS_ADMIN in the initial user namespace: be root, and in no container");
	case ENODEV:
		return fail(ENODEV, "no file system with data management is loaded: load xfs; if it is, it was built without CONFIG_XFS_DMAPI");
	default:
		return fail(ENOSYS, "the dmapi() system call is there and fails with errno %d: does a filter, as of a container, refuse it?",
			    error);
	}
}

int dm_init_service(char **versionstrpp)
{
	static char version[] = DM_VER_STR_CONTENTS;
	long nr, known, ret;
	int error;

	if (libdm_copy(versionstrpp, versionstrpp, sizeof(*versionstrpp)))
		return fail(errno, "dm_init_service() was given an address that cannot be written to");

	nr = sysfs_number(DM_SYSFS "syscall_nr");
	known = sysfs_number(DM_SYSFS "version");
	if (nr < 0 || known < 0)
		return absent();
	if (MAJOR(known) != MAJOR(DMAPI_VERSION))
		return other_major(known);

	ret = syscall(nr, (unsigned long)DMAPI_GET_VERSION, NULL, 0UL, 0UL);
	error = ret < 0 ? errno : 0;
	if (error && error != EPERM)
		return refused(error);
	if (!error) {
		known = ret;
		if (MAJOR(known) != MAJOR(DMAPI_VERSION))
			return other_major(known);
	}
	/* Who may not ask may have a worker's descriptor, by which he may call. */
	atomic_store_explicit(&libdm_kernel_version, (int)known, memory_order_relaxed);
	atomic_store_explicit(&libdm_syscall_nr, (int)nr, memory_order_relaxed);
	*versionstrpp = version;
	if (error)
		return refused(error);
	why[0] = '\0';
	return 0;
}

/*
 * EINVAL from an older kernel: because it does not know the operation?  It looks
 * at that first, and at the size, which no structure has, next.
 */
void libdm_refused(int nr, unsigned int op)
{
	if (atomic_load_explicit(&libdm_kernel_version, memory_order_relaxed) >=
	    DMAPI_VERSION)
		return;
	if (syscall(nr, (unsigned long)op, NULL, 1UL << 20, 0UL) < 0)
		errno = errno == EINVAL ? ENOSYS : EINVAL;
}
