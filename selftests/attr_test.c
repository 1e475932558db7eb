// SPDX-License-Identifier: GPL-2.0-only
/* DM attributes: names, values, and what they leave alone. */
#include "common.h"

#define MAX	DMAPI_MAX_ATTRIBUTE_SIZE

FIXTURE(attr) {
	DM_FIXTURE_FIELDS;
	struct dm_file	f;
};

FIXTURE_SETUP(attr)
{
	long ret = dmapi_get_version();

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/%s.%d", dm_mnt(),
		 _metadata->name, getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "attr", &self->sid));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "f", 10));
}

DM_FIXTURE_TEARDOWN(attr)

typedef unsigned char attrname[DMAPI_ATTR_NAME_SIZE];

static unsigned char buf[MAX + 4096], want[MAX + 1];

/* Is this the value, of this length, and is nothing else touched? */
static bool value_is(const struct dmapi_object *o, const void *name,
		     size_t len, unsigned int seed)
{
	__u64 rlen = ~0ULL;

	memset(buf, 0xa5, sizeof(buf));
	if (dmapi_get_dmattr(o, name, sizeof(buf), buf, &rlen) || rlen != len)
		return false;
	return dm_differs(buf, 0, len, seed) < 0 &&
	       dm_all(buf + len, 0xa5, sizeof(buf) - len);
}

static long put(const struct dmapi_object *o, const void *name, size_t len,
		unsigned int seed)
{
	dm_fill(want, 0, len, seed);
	return dmapi_set_dmattr(o, name, 0, len, want);
}

/* How many attributes are listed; -1 if something is wrong with the list. */
static int listed(const struct dmapi_object *o, const void *name, __u32 *len)
{
	static unsigned char list[1 << 20];
	struct dmapi_attrlist a;
	__u64 rlen = ~0ULL, at = 0, end;
	int n = 0;

	memset(list, 0xa5, sizeof(list));
	if (dmapi_getall_dmattr(o, sizeof(list), list, &rlen))
		return -1;
	if (rlen > sizeof(list) ||
	    !dm_all(list + rlen, 0xa5, sizeof(list) - rlen))
		return -1;
	while (at < rlen) {
		memcpy(&a, list + at, sizeof(a));
		if (a.data.offset != sizeof(a))
			return -1;
		end = (sizeof(a) + a.data.length + 7) & ~7ULL;
		if (a.link ? (__u64)a.link != end : at + end != rlen)
			return -1;
		/* what fills up a record is zero */
		if (!dm_all(list + at + sizeof(a) + a.data.length, 0,
			    end - sizeof(a) - a.data.length))
			return -1;
		if (name && !memcmp(a.name, name, sizeof(a.name)) && len)
			*len = a.data.length;
		n++;
		at += end;
	}
	return n;
}

TEST_F(attr, set_and_get)
{
	struct dmapi_object *o = &self->f.o;
	__u32 len = 9;

	EXPECT_EQ(0, listed(o, NULL, NULL));
	ASSERT_EQ(0, put(o, "archive\0", 100, 1));
	EXPECT_TRUE(value_is(o, "archive\0", 100, 1));
	EXPECT_EQ(1, listed(o, "archive\0", &len));
	EXPECT_EQ(100, len);
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_TRUE(value_is(o, "archive\0", 100, 1));
	EXPECT_EQ(0, dmapi_remove_dmattr(o, "archive\0", 0));
	EXPECT_EQ(-ENOENT, dmapi_remove_dmattr(o, "archive\0", 0));
	EXPECT_EQ(0, listed(o, NULL, NULL));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_EQ(0, listed(o, NULL, NULL));
}

/* Eight bytes are a name, whatever they are. */
TEST_F(attr, names)
{
	static const attrname name[] = {
		{ 'a' },
		{ 'a', 'b' },
		{ 'a', 0, 'b' },
		{ 'a', 0, 0, 0, 0, 0, 0, 1 },
		{ 'a', 0, 'b', 0, 'c', 0, 'd', 0 },
		{ 'e', 'i', 'g', 'h', 't', '8', '8', '8' },
		{ 'e', 'i', 'g', 'h', 't', '8', '8', 0 },
		{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		{ 1, 0, 0xff, 0x80, '/', '.', '%', 0x7f },
		{ '.' }, { '/' }, { ' ' }, { '\n' },
		{ 'X', 'D', 'S', 'M', '_', 'R', 'E', 'C' },
		{ 'S', 'G', 'I', '_', 'D', 'M', 'I', '_' },
		{ 'S', 'G', 'I', '_', 'D', 'M', 'X', '_' },
	};
	struct dmapi_object *o = &self->f.o;
	unsigned int i;
	__u32 len;

	for (i = 0; i < ARRAY_SIZE(name); i++)
		ASSERT_EQ(0, put(o, name[i], i + 1, i));
	for (i = 0; i < ARRAY_SIZE(name); i++) {
		EXPECT_TRUE(value_is(o, name[i], i + 1, i)) {
			TH_LOG("name %u", i);
		}
		len = 99;
		EXPECT_EQ((int)ARRAY_SIZE(name), listed(o, name[i], &len));
		EXPECT_EQ(i + 1, len);
	}
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	for (i = 0; i < ARRAY_SIZE(name); i++) {
		EXPECT_TRUE(value_is(o, name[i], i + 1, i));
		EXPECT_EQ(0, dmapi_remove_dmattr(o, name[i], 0));
		EXPECT_EQ((int)(ARRAY_SIZE(name) - i - 1),
			  listed(o, NULL, NULL));
	}
}

TEST_F(attr, empty_name)
{
	static const attrname none, hidden = { 0, 'a', 'b' };
	struct dmapi_object *o = &self->f.o;
	__u64 rlen = 9;

	EXPECT_EQ(-EINVAL, put(o, none, 1, 1));
	EXPECT_EQ(-EINVAL, put(o, hidden, 1, 1));
	EXPECT_EQ(-EINVAL, dmapi_get_dmattr(o, none, 8, buf, &rlen));
	EXPECT_EQ(-EINVAL, dmapi_get_dmattr(o, hidden, 8, buf, &rlen));
	EXPECT_EQ(-EINVAL, dmapi_remove_dmattr(o, none, 0));
	EXPECT_EQ(-EINVAL, dmapi_remove_dmattr(o, hidden, 0));
	EXPECT_EQ(9, rlen);
	EXPECT_EQ(0, listed(o, NULL, NULL));
}

/* Exactly eight bytes of a name are read. */
TEST_F(attr, name_at_the_end_of_memory)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct dmapi_object *o = &self->f.o;

	ASSERT_NE(MAP_FAILED, p);
	munmap(p + page, page);
	memcpy(p + page - 8, "abcdefgh", 8);
	EXPECT_EQ(0, put(o, p + page - 8, 1, 1));
	EXPECT_TRUE(value_is(o, "abcdefgh", 1, 1));
	EXPECT_EQ(-EFAULT, put(o, p + page - 7, 1, 1));
	EXPECT_EQ(-EFAULT, dmapi_remove_dmattr(o, p + page - 7, 0));
}

/* Every size to every other: inline, in a leaf, in blocks of its own. */
TEST_F(attr, sizes_and_transitions)
{
	static const size_t size[] = {
		0, 1, 2, 100, 200, 236, 237, 238, 239, 240, 253, 254, 255, 256,
		300, 1000, 3000, 4000, 4096, 8192, MAX - 1, MAX,
	};
	struct dmapi_object *o = &self->f.o;
	unsigned int i, j, n = 0;

	for (i = 0; i < ARRAY_SIZE(size); i++) {
		for (j = 0; j < ARRAY_SIZE(size); j++) {
			ASSERT_EQ(0, put(o, "a\0\0\0\0\0\0", size[i], n)) {
				TH_LOG("%zu to %zu", size[j], size[i]);
			}
			ASSERT_EQ(0, put(o, "a\0\0\0\0\0\0", size[j], ++n)) {
				TH_LOG("%zu to %zu", size[i], size[j]);
			}
			ASSERT_TRUE(value_is(o, "a\0\0\0\0\0\0", size[j], n)) {
				TH_LOG("%zu to %zu", size[i], size[j]);
			}
		}
	}
	EXPECT_EQ(1, listed(o, NULL, NULL));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_TRUE(value_is(o, "a\0\0\0\0\0\0", MAX, n));
}

/* The same with neighbours, and the file's own record among them. */
TEST_F(attr, transitions_among_others)
{
	static const size_t size[] = { 0, 1, 20, 60, 255, 256, 3000, MAX };
	struct dmapi_object *o = &self->f.o;
	struct dmapi_region r;
	unsigned int i, j, n = 0;
	__u32 nr;

	ASSERT_EQ(0, dm_arm(o, 1, 2, DMAPI_REGION_WRITE));
	ASSERT_EQ(0, put(o, "small\0\0", 30, 100));
	ASSERT_EQ(0, setxattr(self->f.path, "user.x", "value", 5, 0));
	for (i = 0; i < ARRAY_SIZE(size); i++) {
		for (j = 0; j < ARRAY_SIZE(size); j++) {
			ASSERT_EQ(0, put(o, "a\0\0\0\0\0\0", size[i], n));
			ASSERT_EQ(0, put(o, "a\0\0\0\0\0\0", size[j], ++n));
			ASSERT_TRUE(value_is(o, "a\0\0\0\0\0\0", size[j], n));
			ASSERT_TRUE(value_is(o, "small\0\0", 30, 100));
			/* from nothing to this, too */
			ASSERT_EQ(0, dmapi_remove_dmattr(o, "a\0\0\0\0\0\0", 0));
		}
	}
	EXPECT_EQ(1, listed(o, NULL, NULL));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_TRUE(value_is(o, "small\0\0", 30, 100));
	EXPECT_EQ(5, getxattr(self->f.path, "user.x", buf, sizeof(buf)));
	EXPECT_EQ(0, dmapi_get_region(o, 1, &r, &nr));
	EXPECT_EQ(1, nr);
	EXPECT_EQ(1, r.offset);
}

TEST_F(attr, too_large)
{
	struct dmapi_object *o = &self->f.o;

	ASSERT_EQ(0, put(o, "a\0\0\0\0\0\0", MAX, 1));
	EXPECT_EQ(-E2BIG, put(o, "a\0\0\0\0\0\0", MAX + 1, 2));
	/* The length is looked at before the value. */
	EXPECT_EQ(-E2BIG, dmapi_set_dmattr(o, "a\0\0\0\0\0\0", 0, MAX + 1,
					   NULL));
	EXPECT_EQ(-E2BIG, dmapi_set_dmattr(o, "a\0\0\0\0\0\0", 0, ~0ULL, buf));
	EXPECT_TRUE(value_is(o, "a\0\0\0\0\0\0", MAX, 1));
}

TEST_F(attr, too_little_room)
{
	struct dmapi_object *o = &self->f.o;
	__u64 rlen = 0;

	ASSERT_EQ(0, put(o, "a\0\0\0\0\0\0", 100, 1));
	memset(buf, 0xa5, sizeof(buf));
	EXPECT_EQ(-E2BIG, dmapi_get_dmattr(o, "a\0\0\0\0\0\0", 99, buf, &rlen));
	EXPECT_EQ(100, rlen);
	EXPECT_TRUE(dm_all(buf, 0xa5, sizeof(buf)));
	rlen = 0;
	EXPECT_EQ(-E2BIG, dmapi_get_dmattr(o, "a\0\0\0\0\0\0", 0, NULL, &rlen));
	EXPECT_EQ(100, rlen);
	EXPECT_EQ(0, dmapi_get_dmattr(o, "a\0\0\0\0\0\0", 100, buf, &rlen));
	/* An empty value needs none. */
	ASSERT_EQ(0, dmapi_set_dmattr(o, "a\0\0\0\0\0\0", 0, 0, NULL));
	rlen = 9;
	EXPECT_EQ(0, dmapi_get_dmattr(o, "a\0\0\0\0\0\0", 0, NULL, &rlen));
	EXPECT_EQ(0, rlen);
	EXPECT_EQ(1, listed(o, NULL, NULL));
}

TEST_F(attr, list_too_long)
{
	struct dmapi_object *o = &self->f.o;
	__u64 rlen = 9;

	EXPECT_EQ(0, dmapi_getall_dmattr(o, 0, NULL, &rlen));
	EXPECT_EQ(0, rlen);
	ASSERT_EQ(0, put(o, "a\0\0\0\0\0\0", 1, 1));
	ASSERT_EQ(0, put(o, "b\0\0\0\0\0\0", 5, 1));
	/* 20 and 1 is 24, 20 and 5 is 32 */
	EXPECT_EQ(-E2BIG, dmapi_getall_dmattr(o, 0, NULL, &rlen));
	EXPECT_EQ(56, rlen);
	memset(buf, 0xa5, sizeof(buf));
	EXPECT_EQ(-E2BIG, dmapi_getall_dmattr(o, 55, buf, &rlen));
	EXPECT_EQ(56, rlen);
	EXPECT_TRUE(dm_all(buf + 55, 0xa5, sizeof(buf) - 55));
	EXPECT_EQ(0, dmapi_getall_dmattr(o, 56, buf, &rlen));
	EXPECT_EQ(56, rlen);
	EXPECT_TRUE(dm_all(buf + 56, 0xa5, sizeof(buf) - 56));
}

/* More than the kernel first makes room for, in more than one block. */
TEST_F(attr, many)
{
	struct dmapi_object *o = &self->f.o;
	__u32 len;
	int i;

	for (i = 0; i < 300; i++) {
		attrname name = { 'n', '0' + i / 100, '0' + i / 10 % 10,
				  '0' + i % 10, 0, i % 3 ? 'x' : 0 };

		ASSERT_EQ(0, put(o, name, i * 7, i));
	}
	EXPECT_EQ(300, listed(o, "n123\0\0\0", &len));
	EXPECT_EQ(123 * 7, len);
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_EQ(300, listed(o, NULL, NULL));
	for (i = 0; i < 300; i++) {
		attrname name = { 'n', '0' + i / 100, '0' + i / 10 % 10,
				  '0' + i % 10, 0, i % 3 ? 'x' : 0 };

		EXPECT_TRUE(value_is(o, name, i * 7, i));
		EXPECT_EQ(0, dmapi_remove_dmattr(o, name, 0));
	}
	EXPECT_EQ(0, listed(o, NULL, NULL));
}

TEST_F(attr, errors)
{
	struct dmapi_object *o = &self->f.o;
	__u64 rlen = 9;

	EXPECT_EQ(-ENOENT, dmapi_get_dmattr(o, "none\0\0\0", 8, buf, &rlen));
	EXPECT_EQ(9, rlen);
	EXPECT_EQ(-ENOENT, dmapi_remove_dmattr(o, "none\0\0\0", 0));
	EXPECT_EQ(-EFAULT, dmapi_set_dmattr(o, NULL, 0, 1, buf));
	EXPECT_EQ(-EFAULT, dmapi_set_dmattr(o, DM_BAD_PTR, 0, 1, buf));
	EXPECT_EQ(-EFAULT, dmapi_set_dmattr(o, "a\0\0\0\0\0\0", 0, 1, NULL));
	EXPECT_EQ(-EFAULT, dmapi_set_dmattr(o, "a\0\0\0\0\0\0", 0, MAX,
					    DM_BAD_PTR));
	EXPECT_EQ(0, listed(o, NULL, NULL));
	ASSERT_EQ(0, put(o, "a\0\0\0\0\0\0", 100, 1));
	EXPECT_EQ(-EFAULT, dmapi_set_dmattr(o, "a\0\0\0\0\0\0", 0, 1, NULL));
	EXPECT_TRUE(value_is(o, "a\0\0\0\0\0\0", 100, 1));
	EXPECT_EQ(-EFAULT, dmapi_get_dmattr(o, NULL, 8, buf, &rlen));
	EXPECT_EQ(-EFAULT, dmapi_get_dmattr(o, "a\0\0\0\0\0\0", 100, NULL,
					    &rlen));
	EXPECT_EQ(-EFAULT, dmapi_get_dmattr(o, "a\0\0\0\0\0\0", 100, buf,
					    NULL));
	EXPECT_EQ(-EFAULT, dmapi_getall_dmattr(o, 1000, NULL, &rlen));
	EXPECT_EQ(-EFAULT, dmapi_getall_dmattr(o, 1000, buf, NULL));
	EXPECT_EQ(-EFAULT, dmapi_remove_dmattr(o, NULL, 0));
	EXPECT_TRUE(value_is(o, "a\0\0\0\0\0\0", 100, 1));
}

/* What an operation does not use must be 0. */
TEST_F(attr, unused_fields)
{
	struct dmapi_dmattr z = {
		.obj = self->f.o, .namep = DM_PTR("a\0\0\0\0\0\0"),
	}, a;
	__u64 rlen;

	ASSERT_EQ(0, put(&self->f.o, "a\0\0\0\0\0\0", 1, 1));
#define UNUSED(op, set) do {						\
		a = z;							\
		a.set;							\
		EXPECT_EQ(-EINVAL, DM_CALL(op, a)) {			\
			TH_LOG(#op " " #set);				\
		}							\
	} while (0)
	UNUSED(DMAPI_SET_DMATTR, pad = 1);
	UNUSED(DMAPI_SET_DMATTR, rlenp = DM_PTR(&rlen));
	UNUSED(DMAPI_REMOVE_DMATTR, pad = 1);
	UNUSED(DMAPI_REMOVE_DMATTR, rlenp = DM_PTR(&rlen));
	UNUSED(DMAPI_REMOVE_DMATTR, buflen = 1);
	UNUSED(DMAPI_REMOVE_DMATTR, bufp = 1);
	z.rlenp = DM_PTR(&rlen);
	z.buflen = sizeof(buf);
	z.bufp = DM_PTR(buf);
	UNUSED(DMAPI_GET_DMATTR, pad = 1);
	UNUSED(DMAPI_GET_DMATTR, setdtime = 1);
	UNUSED(DMAPI_GETALL_DMATTR, obj.sid = self->sid);	/* namep */
	z.namep = 0;
	UNUSED(DMAPI_GETALL_DMATTR, pad = 1);
	UNUSED(DMAPI_GETALL_DMATTR, setdtime = 1);
#undef UNUSED
	EXPECT_TRUE(value_is(&self->f.o, "a\0\0\0\0\0\0", 1, 1));
}

TEST_F(attr, time_stamps)
{
	struct dmapi_object *o = &self->f.o;
	struct dm_times t0 = dm_times(self->f.path), t1;

	dm_sleep_ms(20);
	ASSERT_EQ(0, put(o, "a\0\0\0\0\0\0", 10, 1));
	ASSERT_EQ(0, put(o, "a\0\0\0\0\0\0", 10000, 1));
	ASSERT_EQ(0, put(o, "a\0\0\0\0\0\0", 5, 1));
	EXPECT_TRUE(value_is(o, "a\0\0\0\0\0\0", 5, 1));
	ASSERT_EQ(0, dmapi_remove_dmattr(o, "a\0\0\0\0\0\0", 0));
	DM_EXPECT_TIMES(self->f.path, t0);
	/* With setdtime the ctime changes, and only that. */
	ASSERT_EQ(0, dmapi_set_dmattr(o, "a\0\0\0\0\0\0", 1, 4, "abcd"));
	t1 = dm_times(self->f.path);
	EXPECT_FALSE(dm_time_eq(t0.c, t1.c));
	EXPECT_TRUE(dm_time_eq(t0.m, t1.m));
	EXPECT_TRUE(dm_time_eq(t0.a, t1.a));
	dm_sleep_ms(20);
	ASSERT_EQ(0, dmapi_remove_dmattr(o, "a\0\0\0\0\0\0", 1));
	EXPECT_FALSE(dm_time_eq(t1.c, dm_times(self->f.path).c));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_FALSE(dm_time_eq(t1.c, dm_times(self->f.path).c));
	EXPECT_TRUE(dm_time_eq(t0.m, dm_times(self->f.path).m));
}

TEST_F(attr, every_kind_of_object)
{
	struct dm_handle h[4];
	struct dmapi_object o;
	char path[PATH_MAX];
	int i;

	ASSERT_EQ(0, dm_path_handle(self->dir, &h[0]));
	snprintf(path, sizeof(path), "%s/fifo", self->dir);
	ASSERT_EQ(0, mkfifo(path, 0600));
	ASSERT_EQ(0, dm_path_handle(path, &h[1]));
	snprintf(path, sizeof(path), "%s/link", self->dir);
	ASSERT_EQ(0, symlink("nowhere", path));
	ASSERT_EQ(0, dm_path_handle(path, &h[2]));
	snprintf(path, sizeof(path), "%s/dev", self->dir);
	ASSERT_EQ(0, mknod(path, S_IFBLK | 0600, 0));
	ASSERT_EQ(0, dm_path_handle(path, &h[3]));
	for (i = 0; i < 4; i++) {
		o = dm_obj(self->sid, &h[i]);
		EXPECT_EQ(0, put(&o, "kind\0\0\0", 10 + i, i));
		EXPECT_EQ(0, put(&o, "big\0\0\0\0", 5000 + i, i));
	}
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	for (i = 0; i < 4; i++) {
		o = dm_obj(self->sid, &h[i]);
		EXPECT_TRUE(value_is(&o, "kind\0\0\0", 10 + i, i));
		EXPECT_TRUE(value_is(&o, "big\0\0\0\0", 5000 + i, i));
		EXPECT_EQ(2, listed(&o, NULL, NULL));
		EXPECT_EQ(0, dmapi_remove_dmattr(&o, "kind\0\0\0", 0));
		EXPECT_EQ(1, listed(&o, NULL, NULL));
	}
	ASSERT_EQ(0, dm_fs_handle(self->dir, &h[0]));
	o = dm_obj(self->sid, &h[0]);
	EXPECT_EQ(-EINVAL, put(&o, "fs\0\0\0\0\0", 1, 1));
	o = dm_obj_global(self->sid);
	EXPECT_EQ(-EBADF, put(&o, "all\0\0\0\0", 1, 1));
}

TEST_F(attr, read_only)
{
	struct dmapi_object *o = &self->f.o;

	ASSERT_EQ(0, put(o, "a\0\0\0\0\0\0", 10, 1));
	ASSERT_EQ(0, dm_remount(MS_RDONLY, "dmapi"));
	EXPECT_TRUE(value_is(o, "a\0\0\0\0\0\0", 10, 1));
	EXPECT_EQ(1, listed(o, NULL, NULL));
	EXPECT_EQ(-EROFS, put(o, "a\0\0\0\0\0\0", 10, 2));
	EXPECT_EQ(-EROFS, dmapi_remove_dmattr(o, "a\0\0\0\0\0\0", 0));
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_TRUE(value_is(o, "a\0\0\0\0\0\0", 10, 1));
}

/* The form on disk is that of SGI, and others see it in trusted only. */
TEST_F(attr, extended_attributes)
{
	struct dmapi_object *o = &self->f.o;
	__u32 len;

	ASSERT_EQ(0, put(o, "abc\0\0\0\0", 10, 1));
	EXPECT_EQ(10, getxattr(self->f.path, "trusted.SGI_DMI_abc", buf,
			       sizeof(buf)));
	EXPECT_EQ(-1, dm_differs(buf, 0, 10, 1));
	ASSERT_EQ(0, put(o, "a\0b\0\0\0\0", 11, 1));
	EXPECT_EQ(11, getxattr(self->f.path, "trusted.SGI_DMX_6100620000000000",
			       buf, sizeof(buf)));
	/* Other attributes are not listed, whatever they look like. */
	ASSERT_EQ(0, setxattr(self->f.path, "trusted.other", "x", 1, 0));
	ASSERT_EQ(0, setxattr(self->f.path, "user.SGI_DMI_u", "x", 1, 0));
	ASSERT_EQ(0, setxattr(self->f.path, "trusted.SGI_DMI_", "x", 1, 0));
	ASSERT_EQ(0, setxattr(self->f.path, "trusted.SGI_DMI_123456789", "x", 1,
			      0));
	ASSERT_EQ(0, setxattr(self->f.path, "trusted.SGI_DMX_61006200000000zz",
			      "x", 1, 0));
	ASSERT_EQ(0, dm_arm(o, 0, 0, DMAPI_REGION_WRITE));
	EXPECT_EQ(2, listed(o, NULL, NULL));
	/* What another tool restored is. */
	ASSERT_EQ(0, setxattr(self->f.path, "trusted.SGI_DMI_12345678", "xy", 2,
			      0));
	EXPECT_EQ(3, listed(o, "12345678", &len));
	EXPECT_EQ(2, len);
	/* A name has one form: these would be names that are there already. */
	ASSERT_EQ(0, setxattr(self->f.path, "trusted.SGI_DMX_6162630000000000",
			      "x", 1, 0));
	ASSERT_EQ(0, put(o, "\377\0b\0\0\0\0", 12, 1));
	ASSERT_EQ(0, setxattr(self->f.path, "trusted.SGI_DMX_FF00620000000000",
			      "x", 1, 0));
	EXPECT_EQ(4, listed(o, "abc\0\0\0\0", &len));
	EXPECT_EQ(10, len);
	EXPECT_EQ(0, removexattr(self->f.path, "trusted.SGI_DMX_6162630000000000"));
	EXPECT_EQ(0, removexattr(self->f.path, "trusted.SGI_DMX_FF00620000000000"));
}

/* What DMF wrote as an attribute is read byte for byte, up to the largest. */
TEST_F(attr, restored)
{
	static const size_t size[] = { 0, 1, 48, 255, 256, 5000, MAX };
	struct dmapi_object *o = &self->f.o;

	for (unsigned int i = 0; i < ARRAY_SIZE(size); i++) {
		dm_fill(want, 0, size[i], i);
		ASSERT_EQ(0, setxattr(self->f.path, "trusted.SGI_DMI_DMFATTR",
				      want, size[i], 0));
		EXPECT_TRUE(value_is(o, "DMFATTR", size[i], i));
		EXPECT_EQ(1, listed(o, "DMFATTR", NULL));
	}
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	EXPECT_TRUE(value_is(o, "DMFATTR", MAX, ARRAY_SIZE(size) - 1));
	EXPECT_EQ(0, dmapi_remove_dmattr(o, "DMFATTR", 0));
	EXPECT_EQ(-1, getxattr(self->f.path, "trusted.SGI_DMI_DMFATTR", NULL, 0));
	EXPECT_EQ(ENODATA, errno);
}

TEST_HARNESS_MAIN
