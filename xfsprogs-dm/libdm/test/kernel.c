// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The other side: a kernel that knows the call, and memory that is bad
 *
 * libdm is linked with syscall() wrapped.  A call with the number that the
 * test's "sysfs" states lands here; all others go through.
 */
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "libdm_test.h"

#define TEST_NR		12345

struct fake_kernel kernel = { .version = DMAPI_VERSION };

long __real_syscall(long nr, ...);
long __wrap_syscall(long nr, ...);

long __wrap_syscall(long nr, ...)
{
	unsigned long a[6];
	va_list ap;
	int i, n;

	switch (nr) {			/* no more than there are */
	case SYS_pipe2:
		n = 2;
		break;
	case SYS_read:
	case SYS_write:
		n = 3;
		break;
	case SYS_close:
		n = 1;
		break;
	case TEST_NR:
		n = 4;
		break;
	default:
		n = 6;
	}
	memset(a, 0, sizeof(a));
	va_start(ap, nr);
	for (i = 0; i < n; i++)
		a[i] = va_arg(ap, unsigned long);
	va_end(ap);

	if (nr == SYS_process_vm_readv && kernel.no_vm) {
		errno = EPERM;
		return -1;
	}
	if (nr != TEST_NR)
		return __real_syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);

	kernel.calls++;
	kernel.op = (unsigned int)a[0];
	kernel.size = a[2];
	kernel.flags = a[3];
	if (a[2] && a[2] <= sizeof(kernel.arg))
		memcpy(kernel.arg, (void *)a[1], a[2]);
	errno = kernel.error;
	if (kernel.unknown && kernel.op == kernel.unknown)
		errno = EINVAL;
	else if (kernel.size > 65536)
		errno = E2BIG;
	if (errno)
		return -1;
	if (kernel.op == DMAPI_GET_VERSION)
		return kernel.version;
	if (kernel.act)
		kernel.act();
	return kernel.ret;
}

bool called(unsigned long op, const void *arg, size_t size)
{
	bool ok = kernel.calls == 1 && kernel.op == op && kernel.size == size &&
		kernel.flags == 0 && (!size || !memcmp(kernel.arg, arg, size));

	if (!ok) {
		size_t i;

		printf("# calls %d op %lu size %lu flags %lu, expected op %lu size %zu\n",
			kernel.calls, kernel.op, kernel.size, kernel.flags, op,
			size);
		for (i = 0; i < size; i++)
			if (kernel.arg[i] != ((const unsigned char *)arg)[i])
				printf("# first difference in byte %zu\n", i),
				i = size;
	}
	kernel.calls = 0;
	memset(kernel.arg, 0xee, sizeof(kernel.arg));
	return ok;
}

void sysfs(const char *name, const char *text)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", DM_SYSFS, name);
	unlink(path);
	if (!text)
		return;
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f)) {
		printf("Bail out! %s cannot be written\n", path);
		exit(1);
	}
}

/* --- Bad pointers -------------------------------------------------------- */

static char *guard;		/* a page, then one that is not there */
static size_t page;
char *rdonly;		/* a page that cannot be written */

void make_bad_memory(void)
{
	page = sysconf(_SC_PAGESIZE);
	guard = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	rdonly = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (guard == MAP_FAILED || rdonly == MAP_FAILED ||
	    mprotect(guard + page, page, PROT_NONE)) {
		printf("Bail out! no memory\n");
		exit(1);
	}
}

void *bad_ptr(int i)
{
	switch (i) {
	case 0:
		return NULL;
	case 1:
		return (void *)1;
	case 2:
		return (void *)-4095L;
	case 3:
		return guard + page;
	default:
		return guard + page - 3;	/* the start is there */
	}
}
