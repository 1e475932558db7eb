// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scans of a file system: every object once, whatever goes on meanwhile.
 *
 *	LOOP_SECONDS	how long the race is run (3)
 */
#include "common.h"

#define ALL	(DMAPI_AT_HANDLE | DMAPI_AT_DTIME | DMAPI_AT_EMASK | \
		 DMAPI_AT_PMANR | DMAPI_AT_PATTR | DMAPI_AT_STAT | DMAPI_AT_CFLAG)
#define MAX	DMAPI_MAX_ATTRIBUTE_SIZE
#define NAME	"archive\0"

static unsigned char buf[4 << 20];
static char path[PATH_MAX];

FIXTURE(bulk) {
	DM_FIXTURE_FIELDS;
	struct dm_handle h;
	struct dmapi_object o;
};

FIXTURE_SETUP(bulk)
{
	long ret = dmapi_get_version();

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/%s.%d", dm_mnt(),
		 _metadata->name, getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "bulk", &self->sid));
	ASSERT_EQ(0, dm_fs_handle(self->dir, &self->h));
	self->o = dm_obj(self->sid, &self->h);
}

DM_FIXTURE_TEARDOWN(bulk)

static long attr(const struct dmapi_object *o, __u32 mask, __s64 *loc,
		 __u64 buflen, __u64 *rlen)
{
	return dmapi_get_bulk(DMAPI_GET_BULKATTR, o, mask, NULL, loc, buflen, buf,
			      rlen);
}

static long all(const struct dmapi_object *o, __u32 mask, __s64 *loc,
		__u64 buflen, __u64 *rlen)
{
	return dmapi_get_bulk(DMAPI_GET_BULKALL, o, mask, NAME, loc, buflen, buf,
			      rlen);
}

/* The record at @at, if it is one. */
static bool record(__u64 at, __u64 rlen, __u32 mask, bool x, struct dmapi_xstat *r)
{
	__u64 size = x ? sizeof(*r) : sizeof(r->stat), end;

	memset(r, 0, sizeof(*r));
	memcpy(r, buf + at, size);
	end = at + (r->stat.link ? (__u64)r->stat.link : rlen - at);
	if ((at % 8) || end > rlen || (!r->stat.link && end != rlen))
		return false;
	if (mask & DMAPI_AT_HANDLE) {
		if ((__u64)r->stat.handle.offset != size ||
		    r->stat.handle.length != DMAPI_HANDLE_LEN)
			return false;
		size += DMAPI_HANDLE_LEN;
	}
	if (r->attrdata.length) {
		if ((__u64)r->attrdata.offset != size)
			return false;
		size += r->attrdata.length;
	}
	/* what fills up a record is zero */
	return at + size <= end && end - at - size < 8 &&
	       dm_all(buf + at + size, 0, end - at - size);
}

static long make(const char *dir, int i)
{
	int fd;

	snprintf(path, sizeof(path), "%s/%d", dir, i);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0640);
	return fd < 0 ? -errno : close(fd);
}

/* The inodes of the file system, by a scan with a buffer of @room bytes: how many. */
static int scan(const struct dmapi_object *o, __u32 mask, __u64 room, __u64 *ino,
		int max)
{
	struct dmapi_xstat r;
	__u64 rlen, last = 0;
	__s64 loc;
	long ret;
	int n = 0;

	if (dmapi_init_attrloc(o, &loc))
		return -1;
	do {
		memset(buf, 0xa5, room + 64);
		ret = attr(o, mask, &loc, room, &rlen);
		if (ret < 0)
			return ret;
		if (rlen > room || !dm_all(buf + rlen, 0xa5, room + 64 - rlen) ||
		    (ret && !rlen))
			return -1;
		for (__u64 at = 0; at < rlen; at += r.stat.link) {
			if (!record(at, rlen, mask, false, &r) || n == max ||
			    r.stat.ino <= last)
				return -1;
			ino[n++] = last = r.stat.ino;
			if (!r.stat.link)
				break;
		}
	} while (ret);
	return n;
}

/* What find(1) says. */
static int count(const char *dir)
{
	char cmd[PATH_MAX + 100];
	FILE *f;
	int n = -1;

	snprintf(cmd, sizeof(cmd), "find %s -printf '%%i\\n' | sort -u | wc -l", dir);
	f = popen(cmd, "r");
	if (f) {
		if (fscanf(f, "%d", &n) != 1)
			n = -1;
		pclose(f);
	}
	return n;
}

TEST_F(bulk, every_object)
{
	static const __u64 rooms[] = { 208, 300, 415, 416, 5000, 32768, 100000, 1 << 20 };
	static __u64 first[2000], ino[2000];
	unsigned int i;
	int n, j;

	for (j = 0; j < 700; j++)
		ASSERT_EQ(0, make(self->dir, j));
	snprintf(path, sizeof(path), "%s/link", self->dir);
	ASSERT_EQ(0, symlink("nowhere", path));
	n = count(dm_mnt());
	ASSERT_LT(701, n);
	ASSERT_EQ(n, scan(&self->o, ALL, 1 << 20, first, ARRAY_SIZE(first)));
	for (i = 0; i < ARRAY_SIZE(rooms); i++) {
		ASSERT_EQ(n, scan(&self->o, ALL, rooms[i], ino, ARRAY_SIZE(ino))) {
			TH_LOG("%llu", rooms[i]);
		}
		EXPECT_EQ(0, memcmp(first, ino, n * sizeof(ino[0])));
	}
	/* From the disk. */
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_EQ(n, scan(&self->o, DMAPI_AT_HANDLE | DMAPI_AT_STAT, 1 << 20, ino,
			  ARRAY_SIZE(ino)));
	EXPECT_EQ(0, memcmp(first, ino, n * sizeof(ino[0])));
	EXPECT_EQ(n, scan(&self->o, DMAPI_AT_STAT, 184, ino, ARRAY_SIZE(ino)));
	ASSERT_EQ(0, dm_remount(MS_RDONLY, "dmapi"));
	EXPECT_EQ(n, scan(&self->o, ALL, 1 << 20, ino, ARRAY_SIZE(ino)));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
}

/* Records say what a question about the one object says. */
TEST_F(bulk, as_fileattr)
{
	struct dmapi_stat one;
	struct dmapi_xstat r;
	struct dmapi_object o;
	struct dm_handle h;
	struct dm_file f[3];
	__u64 rlen;
	__s64 loc = 0;
	int pass, n, special;

	ASSERT_EQ(0, dm_make_file(&f[0], self->sid, self->dir, "plain", 100000));
	ASSERT_EQ(0, dm_make_file(&f[1], self->sid, self->dir, "region", 200000));
	ASSERT_EQ(0, dm_make_file(&f[2], self->sid, self->dir, "attr", 10));
	ASSERT_EQ(0, dm_arm(&f[1].o, 0, 0, DMAPI_REGION_READ | DMAPI_REGION_TRUNCATE));
	ASSERT_EQ(0, dmapi_punch_hole(&f[1].o, 0, 0));
	ASSERT_EQ(0, dmapi_set_dmattr(&f[2].o, NAME, 0, 1, "x"));
	ASSERT_EQ(0, dm_set_list(self->sid, f[2].path, DM_BIT(DESTROY)));
	/* This one keeps what it is told. */
	ASSERT_EQ(0, dmapi_get_fileattr(&f[0].o, 0, &one));
	for (pass = 0; pass < 2; pass++) {
		loc = n = special = 0;
		ASSERT_EQ(0, attr(&self->o, 0, &loc, sizeof(buf), &rlen));
		for (__u64 at = 0;; at += r.stat.link) {
			ASSERT_TRUE(record(at, rlen, ALL, false, &r));
			h.len = r.stat.handle.length;
			memcpy(h.b, buf + at + r.stat.handle.offset, h.len);
			o = dm_obj(self->sid, &h);
			ASSERT_EQ(0, dmapi_get_fileattr(&o, ALL & ~(DMAPI_AT_HANDLE |
								    DMAPI_AT_CFLAG),
							&one));
			one.link = r.stat.link;
			one.handle = r.stat.handle;
			one.change = r.stat.change;
			EXPECT_EQ(0, memcmp(&one, &r.stat, sizeof(one)));
			if (r.stat.pmanreg) {
				EXPECT_EQ(DM_BIT(READ) | DM_BIT(TRUNCATE), r.stat.emask);
				EXPECT_EQ(0, r.stat.blocks);
				special++;
			}
			if (r.stat.pers) {
				EXPECT_EQ(DM_BIT(DESTROY), r.stat.emask);
				special++;
			}
			n++;
			if (!r.stat.link)
				break;
		}
		EXPECT_EQ(2, special);
		EXPECT_LE(5, n);
		ASSERT_EQ(0, dm_remount(0, "dmapi"));
	}
}

/* What a scan tells of a change. */
static __u32 change(const struct dmapi_object *fs, __u64 ino)
{
	struct dmapi_xstat r;
	__u64 rlen;
	__s64 loc = 0;

	if (attr(fs, DMAPI_AT_STAT | DMAPI_AT_CFLAG, &loc, sizeof(buf), &rlen))
		return 0;
	for (__u64 at = 0; at < rlen; at += r.stat.link) {
		if (!record(at, rlen, 0, false, &r))
			return 0;
		if (r.stat.ino == ino)
			return r.stat.change;
		if (!r.stat.link)
			break;
	}
	return 0;
}

TEST_F(bulk, change)
{
	struct dmapi_stat st;
	struct dm_file f;
	__u32 n, n2;
	int i, fd;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 5000));
	ASSERT_EQ(0, dmapi_get_fileattr(&f.o, DMAPI_AT_STAT, &st));
	fd = open(f.path, O_RDWR);
	ASSERT_LE(0, fd);
	n = change(&self->o, st.ino);
	ASSERT_NE(0, n);
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(n, change(&self->o, st.ino));
		EXPECT_EQ(1, pwrite(fd, "x", 1, 10));
		n2 = change(&self->o, st.ino);
		EXPECT_NE(n, n2);
		n = n2;
	}
	/* The same as when one is asked about, and that armed. */
	ASSERT_EQ(0, dmapi_get_fileattr(&f.o, 0, &st));
	EXPECT_EQ(st.change, change(&self->o, st.ino));
	EXPECT_EQ(1, pwrite(fd, "x", 1, 10));
	EXPECT_NE(st.change, change(&self->o, st.ino));
	n = change(&self->o, st.ino);
	EXPECT_EQ(0, dmapi_set_dmattr(&f.o, NAME, 0, 1, "x"));
	EXPECT_NE(n, change(&self->o, st.ino));
	close(fd);
}

/* A scan asks for nothing on disk: no record comes of it. */
TEST_F(bulk, arms_nothing)
{
	struct dm_file f;
	__u64 rlen;
	__s64 loc = 0;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 5000));
	EXPECT_LE(0, attr(&self->o, 0, &loc, sizeof(buf), &rlen));
	EXPECT_EQ(-1, getxattr(f.path, "trusted.XDSM_RECORD", NULL, 0));
	EXPECT_EQ(ENODATA, errno);
}

TEST_F(bulk, values)
{
	static const unsigned int sizes[] = {
		0, 1, 7, 8, 9, 100, 255, 256, 3000, 4096, 30000, MAX - 1, MAX,
	};
	static const __u64 rooms[] = { 216 + MAX, 216 + MAX + 8, 100000, 1 << 20 };
	struct dm_file f[ARRAY_SIZE(sizes)];
	struct dmapi_xstat r;
	unsigned int i, j, n;
	__u64 rlen, inos[ARRAY_SIZE(sizes)];
	struct stat s;
	__s64 loc;
	long ret;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		char name[20];

		snprintf(name, sizeof(name), "%u", i);
		ASSERT_EQ(0, dm_make_file(&f[i], self->sid, self->dir, name, 10));
		dm_fill(buf, 0, sizes[i], i);
		ASSERT_EQ(0, dmapi_set_dmattr(&f[i].o, NAME, 0, sizes[i], buf));
		/* none of these */
		ASSERT_EQ(0, dmapi_set_dmattr(&f[i].o, "archivf\0", 0, 5, "other"));
		ASSERT_EQ(0, stat(f[i].path, &s));
		inos[i] = s.st_ino;
	}
	for (j = 0; j < ARRAY_SIZE(rooms); j++) {
		loc = n = 0;
		do {
			memset(buf, 0xa5, rooms[j] + 64);
			ret = all(&self->o, 0, &loc, rooms[j], &rlen);
			ASSERT_LE(0, ret);
			ASSERT_LE(rlen, rooms[j]);
			ASSERT_TRUE(dm_all(buf + rlen, 0xa5, rooms[j] + 64 - rlen));
			for (__u64 at = 0; at < rlen; at += r.stat.link) {
				ASSERT_TRUE(record(at, rlen, ALL, true, &r));
				for (i = 0; i < ARRAY_SIZE(sizes); i++) {
					if (inos[i] != r.stat.ino)
						continue;
					n++;
					EXPECT_EQ(sizes[i], r.attrdata.length);
					EXPECT_EQ(-1, dm_differs(buf + at +
								 r.attrdata.offset, 0,
								 sizes[i], i));
					EXPECT_EQ(1, r.stat.pers);
					break;
				}
				if (i == ARRAY_SIZE(sizes))
					EXPECT_EQ(0, r.attrdata.length);
				if (!r.stat.link)
					break;
			}
		} while (ret);
		EXPECT_EQ(ARRAY_SIZE(sizes), n);
	}
}

TEST_F(bulk, too_little_room)
{
	__u64 rlen = 0;
	__s64 loc = 0;

	EXPECT_EQ(-E2BIG, attr(&self->o, ALL, &loc, 0, &rlen));
	EXPECT_EQ(208, rlen);
	EXPECT_EQ(-E2BIG, attr(&self->o, ALL, &loc, 207, &rlen));
	EXPECT_EQ(208, rlen);
	EXPECT_EQ(-E2BIG, attr(&self->o, DMAPI_AT_STAT, &loc, 183, &rlen));
	EXPECT_EQ(184, rlen);
	EXPECT_EQ(-E2BIG, all(&self->o, ALL, &loc, 215, &rlen));
	EXPECT_EQ(216, rlen);
	EXPECT_EQ(-E2BIG, all(&self->o, DMAPI_AT_STAT, &loc, 191, &rlen));
	EXPECT_EQ(192, rlen);
	EXPECT_EQ(0, loc);
	/* No data pointer is needed to ask. */
	EXPECT_EQ(-E2BIG, dmapi_get_bulk(DMAPI_GET_BULKATTR, &self->o, 0, NULL, &loc,
					 0, NULL, &rlen));
	EXPECT_EQ(1, attr(&self->o, ALL, &loc, 208, &rlen));
	EXPECT_EQ(208, rlen);
	EXPECT_NE(0, loc);
	EXPECT_EQ(0, attr(&self->o, ALL, &loc, sizeof(buf), &rlen));
	EXPECT_NE(0, rlen);
	/* It is over, and stays so. */
	EXPECT_EQ(0, attr(&self->o, ALL, &loc, sizeof(buf), &rlen));
	EXPECT_EQ(0, rlen);
	rlen = 9;
	EXPECT_EQ(0, all(&self->o, ALL, &loc, 0, &rlen));
	EXPECT_EQ(0, rlen);
}

TEST_F(bulk, errors)
{
	struct dmapi_object *o = &self->o, other;
	struct dmapi_get_bulk a = { .obj = *o }, b;
	static const __s64 bad[] = { -1, INT64_MIN, INT64_MAX - 1, 1LL << 60 };
	struct dm_handle h;
	struct dm_file f;
	__s64 loc = 0;
	__u64 rlen = 99;
	unsigned int i;

	for (i = 0; i < 32; i++) {
		if (ALL & (1U << i))
			continue;
		EXPECT_EQ(-EINVAL, attr(o, 1U << i, &loc, sizeof(buf), &rlen));
		EXPECT_EQ(-EINVAL, all(o, ALL | 1U << i, &loc, sizeof(buf), &rlen));
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		loc = bad[i];
		EXPECT_EQ(-EINVAL, attr(o, 0, &loc, sizeof(buf), &rlen));
		EXPECT_EQ(-EINVAL, all(o, 0, &loc, sizeof(buf), &rlen));
		EXPECT_EQ(bad[i], loc);
	}
	loc = 0;
	a.locp = DM_PTR(&loc);
	a.buflen = sizeof(buf);
	a.bufp = DM_PTR(buf);
	a.rlenp = DM_PTR(&rlen);
	EXPECT_EQ(-EFAULT, DM_CALL(DMAPI_GET_BULKALL, a));	/* no name */
	b = a;
	b.namep = DM_PTR(NAME);
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_GET_BULKATTR, b));
	b.pad = 1;
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_GET_BULKALL, b));
	b.namep = 0;
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_GET_BULKATTR, b));
	b.pad = 0;
	b.namep = DM_PTR("\0empty..");
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_GET_BULKALL, b));
	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 10));
	EXPECT_EQ(-EINVAL, attr(&f.o, 0, &loc, sizeof(buf), &rlen));
	EXPECT_EQ(-EINVAL, all(&f.o, 0, &loc, sizeof(buf), &rlen));
	ASSERT_EQ(0, dm_path_handle(self->dir, &h));
	other = dm_obj(self->sid, &h);
	EXPECT_EQ(-EINVAL, attr(&other, 0, &loc, sizeof(buf), &rlen));
	EXPECT_EQ(-EINVAL, all(&other, 0, &loc, sizeof(buf), &rlen));
	other = dm_obj_global(self->sid);
	EXPECT_EQ(-EBADF, attr(&other, 0, &loc, sizeof(buf), &rlen));
	EXPECT_EQ(-EFAULT, attr(o, 0, NULL, sizeof(buf), &rlen));
	EXPECT_EQ(-EFAULT, attr(o, 0, &loc, sizeof(buf), NULL));
	EXPECT_EQ(-EFAULT, attr(o, 0, &loc, 0, NULL));
	b = a;
	b.bufp = DM_PTR(DM_BAD_PTR);
	EXPECT_EQ(-EFAULT, DM_CALL(DMAPI_GET_BULKATTR, b));
	EXPECT_EQ(0, loc);
	EXPECT_EQ(99, rlen);
	EXPECT_EQ(0, attr(o, 0, &loc, sizeof(buf), &rlen));
}

/* --- While others are at work ------------------------------------------------ */

struct work {
	const char	*dir;
	int		from;
};

/* Make files and remove them, as long as somebody looks. */
static long churn(void *arg)
{
	const struct work *w = arg;
	int i;

	for (;;) {
		for (i = 0; i < 300; i++)
			make(w->dir, w->from + i);
		for (i = 0; i < 300; i++) {
			snprintf(path, sizeof(path), "%s/%d", w->dir, w->from + i);
			unlink(path);
		}
	}
	return 0;
}

static __u64 others[20000];

/* Scan and scan, with little room; every file that stays, each time. */
static long look(void *arg)
{
	static __u64 stay[500];
	const char *secs = getenv("LOOP_SECONDS");
	time_t end = time(NULL) + (secs ? atoi(secs) : 3);
	struct { const struct dmapi_object *o; const char *dir; __u64 room; } *a = arg;
	struct stat s;
	int i, j, n, scans = 0;

	for (i = 0; i < 500; i++) {
		snprintf(path, sizeof(path), "%s/%d", a->dir, i);
		if (stat(path, &s))
			return -ENOENT;
		stay[i] = s.st_ino;
	}
	do {
		n = scan(a->o, DMAPI_AT_HANDLE | DMAPI_AT_STAT | DMAPI_AT_EMASK,
			 a->room, others, ARRAY_SIZE(others));
		if (n < 0)
			return -EILSEQ;
		for (i = 0; i < 500; i++) {
			for (j = 0; j < n && others[j] != stay[i]; j++)
				;
			if (j == n)
				return -ENODATA;
		}
		scans++;
	} while (time(NULL) < end);
	return scans ? 0 : -ENOMSG;
}

TEST_F_TIMEOUT(bulk, while_it_changes, 120)
{
	struct { const struct dmapi_object *o; const char *dir; __u64 room; }
		a = { &self->o, self->dir, 3000 }, b = { &self->o, self->dir, 100000 };
	struct work w[2] = { { self->dir, 1000 }, { self->dir, 2000 } };
	pid_t makers[2], one, two;
	int i;

	for (i = 0; i < 500; i++)
		ASSERT_EQ(0, make(self->dir, i));
	for (i = 0; i < 2; i++)
		makers[i] = dm_spawn(churn, &w[i]);
	one = dm_spawn(look, &a);
	two = dm_spawn(look, &b);
	EXPECT_EQ(0, dm_wait(one, 100000));
	EXPECT_EQ(0, dm_wait(two, 100000));
	for (i = 0; i < 2; i++) {
		kill(makers[i], SIGKILL);
		EXPECT_EQ(DM_SIGNALLED, dm_wait(makers[i], 10000));
	}
}

/* A file that is open and has no name is an object still. */
TEST_F(bulk, without_a_name)
{
	static __u64 ino[2000];
	struct stat s;
	int fd, i, n;

	ASSERT_EQ(0, make(self->dir, 1));
	fd = open(path, O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fstat(fd, &s));
	ASSERT_EQ(0, unlink(path));
	n = scan(&self->o, ALL, 1 << 20, ino, ARRAY_SIZE(ino));
	ASSERT_LT(0, n);
	for (i = 0; i < n && ino[i] != s.st_ino; i++)
		;
	EXPECT_LT(i, n);
	close(fd);
}

TEST_HARNESS_MAIN
