// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handles, and pointers to them that are bad
 */
#include "libdm_test.h"

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

void test_kernel_handles(void)
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

void test_make_handle(void)
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

void test_take_handle(void)
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

void test_compare_handle(void)
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
