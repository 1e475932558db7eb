// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libdm_test - the library without a kernel that knows the call
 *
 * libdm is linked with syscall() wrapped: a call with the number that the
 * test's own "sysfs" states lands in kernel() below, which keeps what it was
 * given for comparison and answers as it was told to; all others go through.
 *
 * Output is TAP.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "dmapi.h"
#include "dmapi_ext.h"
#include "libdm.h"

#define TEST_NR		12345

static int tests, failures;
static bool test_failed;

#define CHECK(cond)							\
	do {								\
		if (!(cond)) {						\
			printf("# %s:%d: %s (errno %d)\n", __FILE__,	\
				__LINE__, #cond, errno);		\
			test_failed = true;				\
		}							\
	} while (0)

/* @expr is -1 with this errno */
#define CHECK_FAILS(expr, error)					\
	do {								\
		errno = 0;						\
		CHECK((expr) == -1 && errno == (error));		\
	} while (0)

/* --- The other side ------------------------------------------------------ */

static struct {
	long		version;	/* what GET_VERSION returns */
	int		error;		/* fail with this, unless 0 */
	long		ret;		/* or return this */
	unsigned long	op, size, flags;
	int		calls;
	unsigned char	arg[256];
	void		(*act)(void);
	bool		no_vm;		/* process_vm_readv() is refused */
} kernel = { .version = DMAPI_VERSION };

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
	if (kernel.error) {
		errno = kernel.error;
		return -1;
	}
	if (kernel.op == DMAPI_GET_VERSION)
		return kernel.version;
	if (kernel.act)
		kernel.act();
	return kernel.ret;
}

/* The last call was this one, with this structure, and there was just one. */
static bool called(unsigned long op, const void *arg, size_t size)
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

static void sysfs(const char *name, const char *text)
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
static char *rdonly;		/* a page that cannot be written */

static void make_guard(void)
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

#define N_BAD	5
static void *bad_ptr(int i)
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

/* --- Tests ---------------------------------------------------------------- */

static void test_before_init(void)
{
	unsigned int n;
	size_t len;
	void *hanp;

	CHECK_FAILS(dm_destroy_session(1), ENOSYS);
	CHECK_FAILS(dm_getall_sessions(0, NULL, &n), ENOSYS);
	CHECK_FAILS(dm_query_session(1, 0, NULL, &len), ENOSYS);
	CHECK_FAILS(dm_path_to_handle("/", &hanp, &len), ENOSYS);
	CHECK_FAILS(dm_read_invis(1, NULL, 0, DM_NO_TOKEN, 0, 0, NULL), ENOSYS);
	CHECK_FAILS(dmx_session_fd(1), ENOSYS);
	CHECK(kernel.calls == 0);
}

static void test_init_service(void)
{
	static const char *const bad_nr[] = {
		NULL, "", "\n", "x\n", "12345x\n", "-1\n", "99999999999\n",
	};
	static const char *const bad_version[] = {
		NULL, "", "0x00020000\n", "0\n", "1.0\n", "-65536\n",
	};
	char *unset = (char *)&page, *version = unset;
	size_t i;

	for (i = 0; i < N_BAD; i++)
		CHECK_FAILS(dm_init_service(bad_ptr(i)), EFAULT);
	CHECK_FAILS(dm_init_service((char **)rdonly), EFAULT);

	sysfs("version", "0x10000\n");
	for (i = 0; i < sizeof(bad_nr) / sizeof(*bad_nr); i++) {
		sysfs("syscall_nr", bad_nr[i]);
		CHECK_FAILS(dm_init_service(&version), ENOSYS);
	}
	sysfs("syscall_nr", "12345\n");
	for (i = 0; i < sizeof(bad_version) / sizeof(*bad_version); i++) {
		sysfs("version", bad_version[i]);
		CHECK_FAILS(dm_init_service(&version), ENOSYS);
	}
	CHECK(kernel.calls == 0);

	sysfs("version", "65543\n");		/* 1.7 */
	kernel.error = ENODEV;
	CHECK_FAILS(dm_init_service(&version), ENOSYS);
	kernel.error = EPERM;
	CHECK_FAILS(dm_init_service(&version), EPERM);
	kernel.error = 0;
	kernel.version = 0x20000;
	CHECK_FAILS(dm_init_service(&version), ENOSYS);
	CHECK(version == unset);
	CHECK_FAILS(dm_destroy_session(1), ENOSYS);

	kernel.calls = 0;
	kernel.version = DMAPI_VERSION + 7;
	CHECK(dm_init_service(&version) == 0);
	CHECK(called(DMAPI_GET_VERSION, NULL, 0));
	CHECK(strcmp(version, "SGI DMAPI (XDSM) API, Release 1.1.") == 0);

	sysfs("version", "0x00010000\n");	/* again, in hexadecimal */
	kernel.version = DMAPI_VERSION;
	CHECK(dm_init_service(&version) == 0);
	kernel.calls = 0;
}

/* Pointers that are only passed through may be anything. */
#define PTR(n)	((void *)(uintptr_t)(0x1000 + (n)))
#define ADDR(n)	((__u64)(0x1000 + (n)))
#define SID	77
#define TOKEN	-5
#define OBJ	{ .sid = SID, .token = TOKEN, .hanp = ADDR(1), .hlen = 24 }
#define OBJARGS	SID, PTR(1), 24, TOKEN
#define CALLED(op, type, ...) \
	called(op, &(struct type) { __VA_ARGS__ }, sizeof(struct type))

static void test_sessions(void)
{
	CHECK(dm_create_session(4, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_CREATE_SESSION, dmapi_create_session, .oldsid = 4,
			.info = ADDR(2), .newsidp = ADDR(3)));
	CHECK(dm_destroy_session(SID) == 0);
	CHECK(CALLED(DMAPI_DESTROY_SESSION, dmapi_session, .sid = SID));
	CHECK(dm_getall_sessions(9, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_GETALL_SESSIONS, dmapi_getall_ids, .nelem = 9,
			.bufp = ADDR(2), .nelemp = ADDR(3)));
	CHECK(dm_query_session(SID, 8, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_QUERY_SESSION, dmapi_getall, .sid = SID, .buflen = 8,
			.bufp = ADDR(2), .rlenp = ADDR(3)));
	kernel.ret = 11;
	CHECK(dmx_session_fd(SID) == 11);
	CHECK(CALLED(DMAPI_SESSION_FD, dmapi_session, .sid = SID));
	kernel.ret = 0;
}

static void test_events(void)
{
	CHECK(dm_get_events(SID, 5, DM_EV_WAIT, 4096, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_GET_EVENTS, dmapi_get_events, .sid = SID,
			.maxmsgs = 5, .flags = 1, .buflen = 4096,
			.bufp = ADDR(2), .rlenp = ADDR(3)));
	CHECK(dm_respond_event(SID, TOKEN, DM_RESP_ABORT, EIO, 3, PTR(2)) == 0);
	CHECK(CALLED(DMAPI_RESPOND_EVENT, dmapi_respond_event, .sid = SID,
			.token = TOKEN, .response = 2, .reterror = EIO,
			.buflen = 3, .respbufp = ADDR(2)));
	CHECK(dm_find_eventmsg(SID, TOKEN, 64, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_FIND_EVENTMSG, dmapi_find_eventmsg, .sid = SID,
			.token = TOKEN, .buflen = 64, .bufp = ADDR(2),
			.rlenp = ADDR(3)));
	CHECK(dm_getall_tokens(SID, 3, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_GETALL_TOKENS, dmapi_getall_ids, .sid = SID,
			.nelem = 3, .bufp = ADDR(2), .nelemp = ADDR(3)));
	CHECK(dm_set_disp(OBJARGS, PTR(2), 23) == 0);
	CHECK(CALLED(DMAPI_SET_DISP, dmapi_set_disp, .obj = OBJ,
			.eventsetp = ADDR(2), .maxevent = 23));
	CHECK(dm_getall_disp(SID, 8, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_GETALL_DISP, dmapi_getall, .sid = SID, .buflen = 8,
			.bufp = ADDR(2), .rlenp = ADDR(3)));
}

static void test_file(void)
{
	CHECK(dm_set_region(OBJARGS, 2, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_SET_REGION, dmapi_set_region, .obj = OBJ, .nelem = 2,
			.regbufp = ADDR(2), .exactp = ADDR(3)));
	CHECK(dm_get_region(OBJARGS, 2, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_GET_REGION, dmapi_get_region, .obj = OBJ, .nelem = 2,
			.regbufp = ADDR(2), .nelemp = ADDR(3)));
	CHECK(dm_punch_hole(OBJARGS, -7, 1ULL << 63) == 0);
	CHECK(CALLED(DMAPI_PUNCH_HOLE, dmapi_range, .obj = OBJ, .off = -7,
			.len = 1ULL << 63));
	CHECK(dmx_set_resident(OBJARGS, 65536, 4096) == 0);
	CHECK(CALLED(DMAPI_SET_RESIDENT, dmapi_range, .obj = OBJ, .off = 65536,
			.len = 4096));
	CHECK(dm_probe_hole(OBJARGS, 1, 2, PTR(2), PTR(3)) == 0);
	CHECK(CALLED(DMAPI_PROBE_HOLE, dmapi_probe_hole, .obj = OBJ, .off = 1,
			.len = 2, .roffp = ADDR(2), .rlenp = ADDR(3)));
	kernel.ret = 1;
	CHECK(dm_get_allocinfo(OBJARGS, PTR(2), 4, PTR(3), PTR(4)) == 1);
	CHECK(CALLED(DMAPI_GET_ALLOCINFO, dmapi_get_allocinfo, .obj = OBJ,
			.offp = ADDR(2), .nelem = 4, .extentp = ADDR(3),
			.nelemp = ADDR(4)));
#ifdef __LP64__
	kernel.ret = 0x123456789L;
#endif
	CHECK(dm_read_invis(OBJARGS, 3, 1ULL << 40, PTR(2)) == kernel.ret);
	CHECK(CALLED(DMAPI_READ_INVIS, dmapi_io, .obj = OBJ, .off = 3,
			.len = 1ULL << 40, .bufp = ADDR(2)));
	CHECK(dm_write_invis(OBJARGS, DM_WRITE_SYNC, 3, 4, PTR(2)) == kernel.ret);
	CHECK(CALLED(DMAPI_WRITE_INVIS, dmapi_io, .obj = OBJ, .off = 3, .len = 4,
			.bufp = ADDR(2), .flags = 1));
	kernel.ret = 0;
	CHECK(dm_sync_by_handle(OBJARGS) == 0);
	CHECK(called(DMAPI_SYNC_BY_HANDLE, &(struct dmapi_object) OBJ,
			sizeof(struct dmapi_object)));
	kernel.error = EBUSY;
	CHECK_FAILS(dm_punch_hole(OBJARGS, 0, 0), EBUSY);
	kernel.error = 0;
	kernel.calls = 0;
}

static void test_dmattr(void)
{
	CHECK(dm_set_dmattr(OBJARGS, PTR(2), -3, 9, PTR(3)) == 0);
	CHECK(CALLED(DMAPI_SET_DMATTR, dmapi_dmattr, .obj = OBJ, .namep = ADDR(2),
			.setdtime = 1, .buflen = 9, .bufp = ADDR(3)));
	CHECK(dm_get_dmattr(OBJARGS, PTR(2), 9, PTR(3), PTR(4)) == 0);
	CHECK(CALLED(DMAPI_GET_DMATTR, dmapi_dmattr, .obj = OBJ, .namep = ADDR(2),
			.buflen = 9, .bufp = ADDR(3), .rlenp = ADDR(4)));
	CHECK(dm_getall_dmattr(OBJARGS, 9, PTR(3), PTR(4)) == 0);
	CHECK(CALLED(DMAPI_GETALL_DMATTR, dmapi_dmattr, .obj = OBJ, .buflen = 9,
			.bufp = ADDR(3), .rlenp = ADDR(4)));
	CHECK(dm_remove_dmattr(OBJARGS, 0, PTR(2)) == 0);
	CHECK(CALLED(DMAPI_REMOVE_DMATTR, dmapi_dmattr, .obj = OBJ,
			.namep = ADDR(2)));
}

static size_t made_len;

/* As the kernel stores a handle */
static void make_kernel_handle(void)
{
	struct dmapi_path_to_handle p;
	struct dmapi_fd_to_handle f;
	__u64 hanp, hlenp;

	if (kernel.op == DMAPI_FD_TO_HANDLE) {
		memcpy(&f, kernel.arg, sizeof(f));
		hanp = f.hanp;
		hlenp = f.hlenp;
	} else {
		memcpy(&p, kernel.arg, sizeof(p));
		hanp = p.hanp;
		hlenp = p.hlenp;
	}
	memset((void *)(uintptr_t)hanp, 0x5a, made_len);
	*(__u64 *)(uintptr_t)hlenp = made_len;
}

static void test_kernel_handles(void)
{
	char path[] = "/some/where";
	struct dmapi_path_to_handle p;
	struct dmapi_fd_to_handle f;
	unsigned char expect[24];
	void *hanp = path;
	size_t hlen = 99;
	int i;

	memset(expect, 0x5a, sizeof(expect));
	kernel.act = make_kernel_handle;
	made_len = 24;
	CHECK(dm_path_to_handle(path, &hanp, &hlen) == 0);
	CHECK(hlen == 24 && !memcmp(hanp, expect, 24));
	memcpy(&p, kernel.arg, sizeof(p));
	CHECK(kernel.op == DMAPI_PATH_TO_HANDLE && kernel.size == sizeof(p));
	CHECK(p.path == (uintptr_t)path);
	free(hanp);

	made_len = 8;
	CHECK(dm_path_to_fshandle(path, &hanp, &hlen) == 0);
	CHECK(kernel.op == DMAPI_PATH_TO_FSHANDLE && kernel.size == sizeof(p));
	CHECK(hlen == 8 && !memcmp(hanp, expect, 8));
	free(hanp);

	made_len = 24;
	CHECK(dm_fd_to_handle(13, &hanp, &hlen) == 0);
	memcpy(&f, kernel.arg, sizeof(f));
	CHECK(kernel.op == DMAPI_FD_TO_HANDLE && kernel.size == sizeof(f));
	CHECK(f.fd == 13 && f.pad == 0);
	CHECK(hlen == 24 && !memcmp(hanp, expect, 24));
	free(hanp);

	kernel.calls = 0;
	hanp = path;
	hlen = 99;
	for (i = 0; i < N_BAD; i++) {
		CHECK_FAILS(dm_path_to_handle(path, bad_ptr(i), &hlen), EFAULT);
		CHECK_FAILS(dm_path_to_fshandle(path, &hanp, bad_ptr(i)), EFAULT);
		CHECK_FAILS(dm_fd_to_handle(0, bad_ptr(i), &hlen), EFAULT);
	}
	CHECK(kernel.calls == 0);
	kernel.error = ENXIO;
	CHECK_FAILS(dm_path_to_handle(path, &hanp, &hlen), ENXIO);
	CHECK(hanp == path && hlen == 99);
	kernel.error = 0;
	kernel.act = NULL;
	kernel.calls = 0;
}

static dm_fsid_t fsid = 0x1122334455667788ULL;
static dm_ino_t ino = 0x99aabbccddeeff00ULL;
static dm_igen_t igen = 0xdeadbeef;

static void test_make_handle(void)
{
	void *h = NULL, *fsh = NULL;
	size_t hlen = 0, fshlen = 0;
	dm_handle_t expect = {
		.ha_fsid = fsid,
		.ha_fid = { .dm_fid_len = 14, .dm_fid_gen = igen, .dm_fid_ino = ino },
	};
	int i;

	CHECK(dm_make_handle(&fsid, &ino, &igen, &h, &hlen) == 0);
	CHECK(hlen == 24 && !memcmp(h, &expect, 24));
	CHECK(DM_HSIZE(expect) == 24 && DM_FSHSIZE == 8);
	CHECK(DM_HANDLE_CMP(h, &expect) == 0);
	CHECK(dm_make_fshandle(&fsid, &fsh, &fshlen) == 0);
	CHECK(fshlen == 8 && !memcmp(fsh, &expect, 8));
	dm_handle_free(h, hlen);
	dm_handle_free(fsh, fshlen);

	h = fsh = &igen;
	hlen = fshlen = 5;
	for (i = 0; i < N_BAD; i++) {
		void *bad = bad_ptr(i);

		CHECK_FAILS(dm_make_handle(bad, &ino, &igen, &h, &hlen), EFAULT);
		CHECK_FAILS(dm_make_handle(&fsid, bad, &igen, &h, &hlen), EFAULT);
		CHECK_FAILS(dm_make_handle(&fsid, &ino, bad, &h, &hlen), EFAULT);
		CHECK_FAILS(dm_make_handle(&fsid, &ino, &igen, bad, &hlen), EFAULT);
		CHECK_FAILS(dm_make_handle(&fsid, &ino, &igen, &h, bad), EFAULT);
		CHECK_FAILS(dm_make_fshandle(bad, &fsh, &fshlen), EFAULT);
		CHECK_FAILS(dm_make_fshandle(&fsid, bad, &fshlen), EFAULT);
		CHECK_FAILS(dm_make_fshandle(&fsid, &fsh, bad), EFAULT);
	}
	CHECK_FAILS(dm_make_fshandle(&fsid, (void **)rdonly, &fshlen), EFAULT);
	CHECK_FAILS(dm_make_fshandle(&fsid, &fsh, (size_t *)rdonly), EFAULT);
	CHECK(h == &igen && fsh == &igen && hlen == 5 && fshlen == 5);
}

static void test_take_handle(void)
{
	static const size_t bad_len[] = { 0, 1, 7, 9, 16, 23, 25, 56, -1 };
	dm_handle_t h = {
		.ha_fsid = fsid,
		.ha_fid = { .dm_fid_len = 14, .dm_fid_gen = igen, .dm_fid_ino = ino },
	};
	dm_handle_t odd_len = h, odd_pad = h;
	dm_fsid_t f = 0;
	dm_ino_t n = 0;
	dm_igen_t g = 0;
	void *fsh;
	size_t fshlen, i;

	CHECK(dm_handle_to_fsid(&h, 24, &f) == 0 && f == fsid);
	f = 0;
	CHECK(dm_handle_to_fsid(&h, 8, &f) == 0 && f == fsid);
	CHECK(dm_handle_to_ino(&h, 24, &n) == 0 && n == ino);
	CHECK(dm_handle_to_igen(&h, 24, &g) == 0 && g == igen);
	for (i = 8; i <= 24; i += 16) {
		fsh = NULL;
		fshlen = 0;
		CHECK(dm_handle_to_fshandle(&h, i, &fsh, &fshlen) == 0);
		CHECK(fshlen == 8 && !memcmp(fsh, &fsid, 8) && fsh != &h);
		dm_handle_free(fsh, fshlen);
	}

	CHECK_FAILS(dm_handle_to_ino(&h, 8, &n), EBADF);
	CHECK_FAILS(dm_handle_to_igen(&h, 8, &g), EBADF);
	for (i = 0; i < sizeof(bad_len) / sizeof(*bad_len); i++) {
		CHECK_FAILS(dm_handle_to_fshandle(&h, bad_len[i], &fsh, &fshlen),
				EBADF);
		CHECK_FAILS(dm_handle_to_fsid(&h, bad_len[i], &f), EBADF);
		CHECK_FAILS(dm_handle_to_ino(&h, bad_len[i], &n), EBADF);
		CHECK_FAILS(dm_handle_to_igen(&h, bad_len[i], &g), EBADF);
		/* two mistakes: the length is looked at first */
		CHECK_FAILS(dm_handle_to_fsid(NULL, bad_len[i], &f), EBADF);
	}
	CHECK_FAILS(dm_handle_to_fsid(DM_GLOBAL_HANP, DM_GLOBAL_HLEN, &f), EBADF);
	CHECK_FAILS(dm_handle_to_fshandle(DM_GLOBAL_HANP, DM_GLOBAL_HLEN, &fsh,
			&fshlen), EBADF);
	odd_len.ha_fid.dm_fid_len = 13;
	odd_pad.ha_fid.dm_fid_pad = 1;
	CHECK_FAILS(dm_handle_to_ino(&odd_len, 24, &n), EBADF);
	CHECK_FAILS(dm_handle_to_ino(&odd_pad, 24, &n), EBADF);

	for (i = 0; i < N_BAD; i++) {
		void *bad = bad_ptr(i);

		CHECK_FAILS(dm_handle_to_fshandle(bad, 24, &fsh, &fshlen), EFAULT);
		CHECK_FAILS(dm_handle_to_fshandle(&h, 24, bad, &fshlen), EFAULT);
		CHECK_FAILS(dm_handle_to_fshandle(&h, 24, &fsh, bad), EFAULT);
		CHECK_FAILS(dm_handle_to_fsid(bad, 8, &f), EFAULT);
		CHECK_FAILS(dm_handle_to_fsid(&h, 8, bad), EFAULT);
		CHECK_FAILS(dm_handle_to_ino(bad, 24, &n), EFAULT);
		CHECK_FAILS(dm_handle_to_ino(&h, 24, bad), EFAULT);
		CHECK_FAILS(dm_handle_to_igen(bad, 24, &g), EFAULT);
		CHECK_FAILS(dm_handle_to_igen(&h, 24, bad), EFAULT);
	}
}

static void test_compare_handle(void)
{
	dm_handle_t a = {
		.ha_fsid = fsid,
		.ha_fid = { .dm_fid_len = 14, .dm_fid_gen = igen, .dm_fid_ino = ino },
	};
	dm_handle_t b = a, bad = a;
	unsigned char *byte = (unsigned char *)&b;
	int i;

	errno = 4711;
	CHECK(dm_handle_cmp(&a, 24, &b, 24) == 0);
	CHECK(dm_handle_hash(&a, 24) == dm_handle_hash(&b, 24));
	CHECK(dm_handle_cmp(&a, 8, &b, 8) == 0);
	CHECK(dm_handle_hash(&a, 8) == dm_handle_hash(&b, 8));
	CHECK(dm_handle_hash(&a, 8) != dm_handle_hash(&b, 24));
	CHECK(dm_handle_cmp(&a, 8, &b, 24) != 0);
	CHECK(dm_handle_cmp(&a, 24, &b, 8) != 0);
	for (i = 0; i < 24; i++) {
		byte[i] ^= 1;
		CHECK(dm_handle_cmp(&a, 24, &b, 24) != 0);
		CHECK((dm_handle_cmp(&a, 8, &b, 8) != 0) == (i < 8));
		byte[i] ^= 1;
	}
	CHECK(dm_handle_cmp(DM_GLOBAL_HANP, DM_GLOBAL_HLEN, DM_GLOBAL_HANP,
			DM_GLOBAL_HLEN) == 0);
	CHECK(dm_handle_cmp(DM_GLOBAL_HANP, DM_GLOBAL_HLEN, &a, 24) != 0);
	CHECK(dm_handle_cmp(&a, 1, &b, 1) != 0);
	CHECK(dm_handle_cmp(NULL, 0, NULL, 0) != 0);

	CHECK(dm_handle_is_valid(&a, 24) == DM_TRUE);
	CHECK(dm_handle_is_valid(&a, 8) == DM_TRUE);
	CHECK(dm_handle_is_valid(DM_GLOBAL_HANP, DM_GLOBAL_HLEN) == DM_TRUE);
	CHECK(dm_handle_is_valid(DM_GLOBAL_HANP, 8) == DM_FALSE);
	CHECK(dm_handle_is_valid(DM_INVALID_HANP, DM_INVALID_HLEN) == DM_FALSE);
	for (i = 0; i < 100; i++)
		if (i != 8 && i != 24)
			CHECK(dm_handle_is_valid(&a, i) == DM_FALSE);
	bad.ha_fid.dm_fid_len = 15;
	CHECK(dm_handle_is_valid(&bad, 24) == DM_FALSE);
	CHECK(dm_handle_is_valid(&bad, 8) == DM_TRUE);
	bad = a;
	bad.ha_fsid = 0;
	CHECK(dm_handle_is_valid(&bad, 24) == DM_FALSE);
	CHECK(dm_handle_is_valid(&bad, 8) == DM_FALSE);

	(void)dm_handle_hash(DM_GLOBAL_HANP, DM_GLOBAL_HLEN);
	dm_handle_free(NULL, 0);
	dm_handle_free(&a, 7);			/* wrong length: no effect */
	dm_handle_free(DM_GLOBAL_HANP, DM_GLOBAL_HLEN);
	for (i = 0; i < N_BAD; i++) {
		CHECK(dm_handle_cmp(bad_ptr(i), 24, &a, 24) != 0);
		CHECK(dm_handle_cmp(&a, 8, bad_ptr(i), 8) != 0);
		CHECK(dm_handle_is_valid(bad_ptr(i), 24) == DM_FALSE);
		(void)dm_handle_hash(bad_ptr(i), 24);
		dm_handle_free(bad_ptr(i), 24);
		dm_handle_free(bad_ptr(i), 8);
	}
	CHECK(errno == 4711);
}

static void test_macros(void)
{
	struct {
		dm_eventmsg_t msg;
		dm_data_event_t de;
		char handle[24];
	} m[2] = { {
		.msg.ev_data = { 24, sizeof(dm_data_event_t) + 24 },
		.de.de_handle = { sizeof(dm_data_event_t), 24 },
	} };
	dm_eventset_t set = ~0ULL;
	int ev;

	DMEV_ZERO(set);
	CHECK(set == 0);
	for (ev = 0; ev < 64; ev++) {
		CHECK(!DMEV_ISSET(ev, set));
		DMEV_SET(ev, set);
		CHECK(set == 1ULL << ev);
		CHECK(DMEV_ISSET(ev, set) == 1);
		DMEV_CLR(ev, set);
		CHECK(set == 0);
	}
	DMEV_SET(DM_EVENT_READ, set);
	DMEV_SET(DM_EVENT_WRITE, set);
	CHECK(set == 0x30000);

	CHECK(DM_GET_VALUE(&m[0].msg, ev_data, dm_data_event_t *) == &m[0].de);
	CHECK(DM_GET_LEN(&m[0].msg, ev_data) == 48);
	CHECK(DM_GET_VALUE(&m[0].de, de_handle, void *) == m[0].handle);
	CHECK(DM_STEP_TO_NEXT(&m[0].msg, dm_eventmsg_t *) == NULL);
	m[0].msg._link = sizeof(m[0]);
	CHECK(DM_STEP_TO_NEXT(&m[0].msg, dm_eventmsg_t *) == &m[1].msg);
}

/* --- Running them ---------------------------------------------------------- */

static const struct {
	const char	*name;
	void		(*fn)(void);
	bool		no_vm;
} table[] = {
	{ "before dm_init_service", test_before_init, false },
	{ "dm_init_service", test_init_service, false },
	{ "sessions", test_sessions, false },
	{ "events", test_events, false },
	{ "regions, data, holes", test_file, false },
	{ "DM attributes", test_dmattr, false },
	{ "handles from the kernel", test_kernel_handles, false },
	{ "making handles", test_make_handle, false },
	{ "taking handles apart", test_take_handle, false },
	{ "comparing handles", test_compare_handle, false },
	{ "handles from the kernel, by pipe", test_kernel_handles, true },
	{ "making handles, by pipe", test_make_handle, true },
	{ "taking handles apart, by pipe", test_take_handle, true },
	{ "comparing handles, by pipe", test_compare_handle, true },
	{ "macros", test_macros, false },
};

int main(void)
{
	const int n = sizeof(table) / sizeof(*table);

	setvbuf(stdout, NULL, _IOLBF, 0);
	make_guard();
	sysfs("syscall_nr", NULL);
	sysfs("version", NULL);
	printf("TAP version 13\n1..%d\n", n);
	for (; tests < n; tests++) {
		test_failed = false;
		kernel.no_vm = table[tests].no_vm;
		table[tests].fn();
		printf("%sok %d - %s\n", test_failed ? "not " : "", tests + 1,
			table[tests].name);
		failures += test_failed;
	}
	return failures != 0;
}
