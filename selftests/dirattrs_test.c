// SPDX-License-Identifier: GPL-2.0-only
/* Entries of directories with the attributes of what they lead to. */
#include "common.h"

#define ALL	(DMAPI_AT_HANDLE | DMAPI_AT_DTIME | DMAPI_AT_EMASK | \
		 DMAPI_AT_PMANR | DMAPI_AT_PATTR | DMAPI_AT_STAT | DMAPI_AT_CFLAG)

static unsigned char buf[1 << 20];
static char path[PATH_MAX];

FIXTURE(dirattrs) {
	DM_FIXTURE_FIELDS;
	struct dm_handle h;
	struct dmapi_object o;
};

FIXTURE_SETUP(dirattrs)
{
	long ret = dmapi_get_version();

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/%s.%d", dm_mnt(),
		 _metadata->name, getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "dirattrs", &self->sid));
	ASSERT_EQ(0, dm_path_handle(self->dir, &self->h));
	self->o = dm_obj(self->sid, &self->h);
}

DM_FIXTURE_TEARDOWN(dirattrs)

static long get(const struct dmapi_object *o, __u32 mask, __s64 *loc,
		__u64 buflen, __u64 *rlen)
{
	return dmapi_get_bulk(DMAPI_GET_DIRATTRS, o, mask, NULL, loc, buflen, buf,
			      rlen);
}

/* The record at @at, if it is one. */
static bool record(__u64 at, __u64 rlen, struct dmapi_stat *st, const char **name)
{
	__u64 end;

	memcpy(st, buf + at, sizeof(*st));
	end = at + (st->link ? (__u64)st->link : rlen - at);
	*name = (char *)buf + at + st->compname.offset;
	return !(at % 8) && end <= rlen && (st->link || end == rlen) &&
	       st->compname.length &&
	       at + st->compname.offset + st->compname.length <= end &&
	       strlen(*name) + 1 == st->compname.length;
}

/* How many records there are, -1 if the list is broken; and if one has @want, it. */
static int listed(__u64 rlen, const char *want, struct dmapi_stat *found)
{
	struct dmapi_stat st;
	const char *name;
	__u64 at = 0;
	int n = 0;

	while (at < rlen) {
		if (!record(at, rlen, &st, &name))
			return -1;
		if (want && !strcmp(name, want))
			*found = st;
		n++;
		if (!st.link)
			break;
		at += st.link;
	}
	return n;
}

static int make(const char *dir, const char *name)
{
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0640);
	return fd < 0 ? -errno : close(fd);
}

TEST_F(dirattrs, one_call)
{
	struct dmapi_stat st, one;
	struct dm_handle h;
	struct dmapi_object o;
	struct dm_file f;
	struct stat s;
	__u64 rlen = 0;
	__s64 loc;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "file", 100000));
	ASSERT_EQ(0, dm_arm(&f.o, 0, 0, DMAPI_REGION_WRITE));
	ASSERT_EQ(0, dmapi_set_dmattr(&f.o, "a\0\0\0\0\0\0", 0, 1, "x"));
	snprintf(path, sizeof(path), "%s/link", self->dir);
	ASSERT_EQ(0, symlink("nowhere", path));
	ASSERT_EQ(0, dmapi_init_attrloc(&self->o, &loc));
	memset(buf, 0xa5, sizeof(buf));
	ASSERT_EQ(0, get(&self->o, 0, &loc, sizeof(buf), &rlen));
	ASSERT_EQ(4, listed(rlen, "file", &st));
	EXPECT_TRUE(dm_all(buf + rlen, 0xa5, sizeof(buf) - rlen));
	ASSERT_EQ(0, dmapi_get_fileattr(&f.o, ALL & ~(DMAPI_AT_HANDLE |
						      DMAPI_AT_CFLAG), &one));
	EXPECT_EQ(sizeof(st), (size_t)st.handle.offset);
	EXPECT_EQ(DMAPI_HANDLE_LEN, st.handle.length);
	EXPECT_NE(0, st.change);
	one.link = st.link;
	one.handle = st.handle;
	one.compname = st.compname;
	one.change = st.change;
	EXPECT_EQ(0, memcmp(&one, &st, sizeof(st)));
	EXPECT_EQ(1, st.pers);
	EXPECT_EQ(1, st.pmanreg);
	/* To scan is to arm nothing. */
	ASSERT_EQ(4, listed(rlen, ".", &st));
	ASSERT_EQ(0, stat(self->dir, &s));
	EXPECT_EQ(s.st_ino, st.ino);
	ASSERT_EQ(4, listed(rlen, "..", &st));
	ASSERT_EQ(0, stat(dm_mnt(), &s));
	EXPECT_EQ(s.st_ino, st.ino);
	ASSERT_EQ(4, listed(rlen, "link", &st));
	ASSERT_EQ(0, lstat(path, &s));
	EXPECT_EQ(s.st_ino, st.ino);
	EXPECT_EQ(s.st_mode, (mode_t)st.mode);
	/* The handle is the object's. */
	memset(&h, 0, sizeof(h));
	{
		struct dmapi_stat first;
		const char *name;

		ASSERT_TRUE(record(0, rlen, &first, &name));
		memcpy(h.b, buf + first.handle.offset, first.handle.length);
		h.len = first.handle.length;
		o = dm_obj(self->sid, &h);
		ASSERT_EQ(0, dmapi_get_fileattr(&o, DMAPI_AT_STAT, &one));
		EXPECT_EQ(first.ino, one.ino);
	}
	/* It is over, and stays so. */
	rlen = 99;
	EXPECT_EQ(0, get(&self->o, 0, &loc, sizeof(buf), &rlen));
	EXPECT_EQ(0, rlen);
}

TEST_F(dirattrs, groups)
{
	struct dmapi_stat st;
	__u64 rlen, rlen2;
	__s64 loc = 0;

	ASSERT_EQ(0, make(self->dir, "f"));
	ASSERT_EQ(0, get(&self->o, DMAPI_AT_HANDLE, &loc, sizeof(buf), &rlen));
	ASSERT_EQ(3, listed(rlen, "f", &st));
	EXPECT_EQ(24, st.handle.length);
	EXPECT_TRUE(dm_all((void *)&st.nevents, 0,
			   sizeof(st) - offsetof(struct dmapi_stat, nevents)));
	loc = 0;
	ASSERT_EQ(0, get(&self->o, DMAPI_AT_EMASK, &loc, sizeof(buf), &rlen2));
	ASSERT_EQ(3, listed(rlen2, "f", &st));
	EXPECT_EQ(0, st.handle.length);
	EXPECT_EQ(0, st.handle.offset);
	EXPECT_EQ(23, st.nevents);
	EXPECT_EQ(0, st.ino);
	EXPECT_EQ(rlen - 3 * 24, rlen2);
}

/* One by one, with room for one: every entry, once. */
TEST_F(dirattrs, pieces)
{
	static const int counts[] = { 0, 1, 10, 100, 3000 };
	static char seen[3000];
	char name[300];
	unsigned int i;
	int n = 0, j;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		struct dmapi_stat st;
		const char *p;
		__u64 rlen, room;
		__s64 loc = 0, was;
		int entries = 0, calls = 0;
		long ret;

		for (; n < counts[i]; n++) {
			memset(name, 'x', sizeof(name));
			j = snprintf(name, sizeof(name), "%d.", n);
			name[j] = 'x';
			name[j + n * 7 % 240] = 0;
			ASSERT_EQ(0, make(self->dir, name));
		}
		memset(seen, 0, sizeof(seen));
		do {
			/* too little, then enough for one */
			was = loc;
			rlen = 99;
			ret = get(&self->o, DMAPI_AT_STAT, &loc, 0, &rlen);
			ASSERT_EQ(1, ret);
			ASSERT_EQ(0, rlen);
			ASSERT_EQ(was, loc);
			ASSERT_EQ(1, get(&self->o, DMAPI_AT_STAT, &loc, 184, &rlen));
			ASSERT_EQ(0, rlen);
			ASSERT_EQ(was, loc);
			room = i < 4 ? 184 + 256 : 100000;
			ret = get(&self->o, DMAPI_AT_STAT, &loc, room, &rlen);
			ASSERT_LE(0, ret);
			ASSERT_LE(rlen, room);
			ASSERT_NE(0, rlen);
			ASSERT_LT(0, listed(rlen, NULL, NULL));
			for (__u64 at = 0;; at += st.link) {
				ASSERT_TRUE(record(at, rlen, &st, &p));
				entries++;
				if (*p != '.') {
					j = atoi(p);
					ASSERT_LT(j, 3000);
					EXPECT_EQ(0, seen[j]++);
				}
				if (!st.link)
					break;
			}
			calls++;
		} while (ret);
		EXPECT_EQ(counts[i] + 2, entries);
		if (i == 4)
			EXPECT_LT(calls, 20);
	}
	/* In one go, through many of the kernel's pieces. */
	{
		__u64 rlen;
		__s64 loc = 0;

		ASSERT_EQ(0, get(&self->o, 0, &loc, sizeof(buf), &rlen));
		EXPECT_EQ(3002, listed(rlen, NULL, NULL));
	}
}

/* Entries that go and come do not disturb those that stay. */
TEST_F(dirattrs, while_it_changes)
{
	static char seen[1000];
	struct dmapi_stat st;
	char name[100];
	const char *p;
	__u64 rlen;
	__s64 loc = 0;
	long ret;
	int i, round = 0;

	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%d.stays.or.goes.in.a.long.name", i);
		ASSERT_EQ(0, make(self->dir, name));
	}
	memset(seen, 0, sizeof(seen));
	do {
		ret = get(&self->o, DMAPI_AT_HANDLE | DMAPI_AT_STAT, &loc, 10000, &rlen);
		ASSERT_LE(0, ret);
		for (__u64 at = 0; rlen; at += st.link) {
			ASSERT_TRUE(record(at, rlen, &st, &p));
			if (*p != '.' && *p != 'n')
				seen[atoi(p)]++;
			if (!st.link)
				break;
		}
		/* odd ones go, others come */
		for (i = 1 + 2 * round; i < 1000; i += 50) {
			snprintf(path, sizeof(path),
				 "%s/%d.stays.or.goes.in.a.long.name", self->dir, i);
			unlink(path);
		}
		snprintf(name, sizeof(name), "new.%d", round++);
		ASSERT_EQ(0, make(self->dir, name));
	} while (ret && round < 1000);
	EXPECT_EQ(0, ret);
	for (i = 0; i < 1000; i += 2)
		EXPECT_EQ(1, seen[i]);
	for (i = 1; i < 1000; i += 2)
		EXPECT_GE(1, seen[i]);
}

TEST_F(dirattrs, without_a_trace)
{
	struct dm_times t0, tf;
	struct dm_file f;
	__u64 rlen;
	__s64 loc = 0;

	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", DM_GRANULE));
	ASSERT_EQ(0, dm_make_offline(&f.o));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ) | DM_BIT(DEBUT) | DM_BIT(ATTRIBUTE)));
	ASSERT_EQ(0, dm_set_list(self->sid, self->dir, DM_BIT(DEBUT) | DM_BIT(ATTRIBUTE)));
	t0 = dm_times(self->dir);
	tf = dm_times(f.path);
	dm_sleep_ms(20);
	ASSERT_EQ(0, get(&self->o, 0, &loc, sizeof(buf), &rlen));
	DM_EXPECT_TIMES(self->dir, t0);
	DM_EXPECT_TIMES(f.path, tf);
	{
		struct dm_event e;

		EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 20));
	}
	/* or the directory could not be removed */
	EXPECT_EQ(0, dm_set_list(self->sid, self->dir, 0));
}

TEST_F(dirattrs, errors)
{
	struct dmapi_object *o = &self->o, other;
	struct dmapi_get_bulk a = { .obj = *o }, b;
	struct dm_handle h;
	struct dm_file f;
	__s64 loc = 0, bad[] = { -1, INT64_MIN, 1LL << 31, INT64_MAX - 1 };
	__u64 rlen = 99;
	unsigned int i;

	for (i = 0; i < 32; i++) {
		if (ALL & (1U << i))
			continue;
		EXPECT_EQ(-EINVAL, get(o, 1U << i, &loc, sizeof(buf), &rlen));
		EXPECT_EQ(-EINVAL, get(o, ALL | 1U << i, &loc, sizeof(buf), &rlen));
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		loc = bad[i];
		EXPECT_EQ(-EINVAL, get(o, 0, &loc, sizeof(buf), &rlen));
		EXPECT_EQ(bad[i], loc);
	}
	loc = 0;
	a.locp = DM_PTR(&loc);
	a.buflen = sizeof(buf);
	a.bufp = DM_PTR(buf);
	a.rlenp = DM_PTR(&rlen);
	b = a;
	b.pad = 1;
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_GET_DIRATTRS, b));
	b = a;
	b.namep = DM_PTR("a\0\0\0\0\0\0");
	EXPECT_EQ(-EINVAL, DM_CALL(DMAPI_GET_DIRATTRS, b));
	ASSERT_EQ(0, dm_make_file(&f, self->sid, self->dir, "f", 10));
	EXPECT_EQ(-EINVAL, get(&f.o, 0, &loc, sizeof(buf), &rlen));
	EXPECT_EQ(-EINVAL, dmapi_init_attrloc(&f.o, &loc));
	ASSERT_EQ(0, dm_fs_handle(self->dir, &h));
	other = dm_obj(self->sid, &h);
	EXPECT_EQ(-EINVAL, get(&other, 0, &loc, sizeof(buf), &rlen));
	other = dm_obj_global(self->sid);
	EXPECT_EQ(-EBADF, get(&other, 0, &loc, sizeof(buf), &rlen));
	EXPECT_EQ(-EBADF, dmapi_init_attrloc(&other, &loc));
	EXPECT_EQ(-EFAULT, dmapi_init_attrloc(o, NULL));
	EXPECT_EQ(-EFAULT, get(o, 0, NULL, sizeof(buf), &rlen));
	EXPECT_EQ(-EFAULT, get(o, 0, &loc, sizeof(buf), NULL));
	b = a;
	b.bufp = DM_PTR(DM_BAD_PTR);
	EXPECT_EQ(-EFAULT, DM_CALL(DMAPI_GET_DIRATTRS, b));
	EXPECT_EQ(0, loc);
	EXPECT_EQ(99, rlen);
	EXPECT_EQ(0, get(o, 0, &loc, sizeof(buf), &rlen));
}

/* A directory that was removed, and is still open, has nothing in it. */
TEST_F(dirattrs, removed)
{
	struct dm_handle h;
	struct dmapi_object o;
	__s64 loc = 0;
	__u64 rlen;
	int fd;

	snprintf(path, sizeof(path), "%s/gone", self->dir);
	ASSERT_EQ(0, mkdir(path, 0700));
	ASSERT_EQ(0, dm_path_handle(path, &h));
	o = dm_obj(self->sid, &h);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, rmdir(path));
	EXPECT_EQ(-EBADF, get(&o, 0, &loc, sizeof(buf), &rlen));
	close(fd);
}

TEST_HARNESS_MAIN
