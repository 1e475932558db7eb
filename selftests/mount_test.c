// SPDX-License-Identifier: GPL-2.0
/*
 * MOUNT, and DMAPI_GET_MOUNTINFO
 *
 * Whoever waits must hold up nobody: while a message is unanswered other mounts,
 * sync(1) and statfs() are tried, in children that are not waited for without
 * end.
 */
#include "mounting.h"

FIXTURE(ways) {
	__s32		sid;
};

FIXTURE_VARIANT(ways) {
	const struct way *way;
};

FIXTURE_VARIANT_ADD(ways, old_api)	{ .way = &old_api };
FIXTURE_VARIANT_ADD(ways, new_api)	{ .way = &new_api };
FIXTURE_VARIANT_ADD(ways, bound)	{ .way = &bound };
FIXTURE_VARIANT_ADD(ways, name_space)	{ .way = &name_space };

/* Has this kernel got it?  Nothing is asked here. */
static bool has(const struct way *way)
{
	long ret = way->mount(DIR, 0, OPTIONS);

	umount2(DIR, MNT_DETACH);
	return !ret && is_free();
}

FIXTURE_SETUP(ways)
{
	self->sid = 0;
	if (!has(variant->way)) {
		ASSERT_TRUE(variant->way == &name_space || variant->way == &bound);
		ASSERT_TRUE(is_free());
		if (getenv("DM_BASE"))
			ASSERT_STREQ("6.12", getenv("DM_BASE"));
		SKIP(return, "not in this kernel");
	}
	ASSERT_EQ(0, dmapi_create_session(0, "mount_test", &self->sid));
	ASSERT_EQ(0, want_mount(self->sid, true));
}

FIXTURE_TEARDOWN(ways)
{
	if (!self->sid)
		return;
	want_mount(self->sid, false);
	dm_drain(self->sid);
	umount2(DIR, MNT_DETACH);
	EXPECT_TRUE(is_free());
	dm_drain(self->sid);
	EXPECT_EQ(0, dmapi_destroy_session(self->sid));
}

/* --- MOUNT -------------------------------------------------------------------- */

TEST_F(ways, told)
{
	struct dmapi_object o;
	unsigned char buf[1024];
	struct dm_handle h;
	struct msg m, info;
	__u64 rlen;
	pid_t pid;

	pid = spawn_mount(variant->way, 0, OPTIONS);
	ASKED(self->sid, &m);
	EXPECT_EQ(0, m.mode);
	EXPECT_EQ(DMAPI_FSHANDLE_LEN, m.h1.len);
	EXPECT_EQ(0, m.h2.len);
	EXPECT_EQ(DMAPI_HANDLE_LEN, m.root.len);
	EXPECT_EQ(0, memcmp(m.h1.b, m.root.b, DMAPI_FSHANDLE_LEN));
	EXPECT_STREQ(variant->way->path, m.name1);
	EXPECT_STREQ(dev, m.name2);
	/* It is not there, and nobody is held up. */
	EXPECT_FALSE(is_mounted(DIR));
	EXPECT_TRUE(waits("MOUNT", "delivered"));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, QUIET));
	EXPECT_EQ(0, others_go_on());
	/* What a manager does then */
	EXPECT_EQ(0, want(self->sid, &m.h1, DM_BIT(READ) | DM_BIT(UNMOUNT)));
	o = dm_obj_token(dm_obj(self->sid, &m.h1), m.token);
	ASSERT_EQ(0, dmapi_request_right(&o, 0, DMAPI_RIGHT_SHARED));
	ASSERT_EQ(0, dmapi_get_mountinfo(&o, sizeof(buf), buf, &rlen));
	EXPECT_EQ(m.len, rlen);
	EXPECT_EQ(0, memcmp(buf, m.payload, m.len));
	o = dm_obj(self->sid, &m.root);
	EXPECT_EQ(-ENOENT, dmapi_get_dmattr(&o, "mounting", sizeof(buf), buf, &rlen));
	ASSERT_EQ(0, dm_continue(self->sid, m.token));
	ASSERT_EQ(0, dm_wait(pid, SOON));
	if (variant->way == &name_space) {
		/* It is gone with its namespace. */
		ASSERT_EQ(0, next(self->sid, &info, SOON));
		EXPECT_EQ(DMAPI_EVENT_UNMOUNT, info.type);
		EXPECT_EQ(0, info.retcode);
		return;
	}
	EXPECT_TRUE(is_mounted(DIR));
	ASSERT_EQ(0, dm_fs_handle(DIR, &h));
	EXPECT_EQ(0, memcmp(h.b, m.h1.b, h.len));
	ASSERT_EQ(0, dm_path_handle(DIR, &h));
	EXPECT_EQ(0, memcmp(h.b, m.root.b, h.len));
	/* nobody else is asked */
	EXPECT_EQ(-EAGAIN, next(self->sid, &info, QUIET));
}

TEST_F(ways, refused)
{
	struct msg m;
	pid_t pid;

	pid = spawn_mount(variant->way, 0, OPTIONS);
	ASKED(self->sid, &m);
	/* No farewell for what has never been there. */
	ASSERT_EQ(0, want(self->sid, &m.h1, DM_BIT(UNMOUNT)));
	ASSERT_EQ(0, dm_abort(self->sid, m.token, EUCLEAN));
	EXPECT_EQ(-EUCLEAN, dm_wait(pid, SOON));
	EXPECT_FALSE(is_mounted(DIR));
	EXPECT_TRUE(is_free());
	EXPECT_EQ(-EAGAIN, next(self->sid, &m, QUIET));
	/* The next one is asked about again. */
	pid = spawn_mount(variant->way, 0, OPTIONS);
	ASKED(self->sid, &m);
	ASSERT_EQ(0, dm_continue(self->sid, m.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

TEST_F(ways, killed)
{
	struct msg m;
	pid_t pid;

	pid = spawn_mount(variant->way, 0, OPTIONS);
	ASKED(self->sid, &m);
	kill(pid, SIGTERM);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, SOON));
	EXPECT_FALSE(is_mounted(DIR));
	EXPECT_TRUE(is_free());
	/* The message outlives the file system. */
	EXPECT_EQ(0, dm_continue(self->sid, m.token));
}

TEST_F(ways, read_only)
{
	struct msg m;
	pid_t pid;

	pid = spawn_mount(variant->way, MS_RDONLY, OPTIONS);
	ASKED(self->sid, &m);
	EXPECT_EQ(DMAPI_MOUNT_RDONLY, m.mode);
	ASSERT_EQ(0, dm_continue(self->sid, m.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

/* Registered, or not, or not any more. */
TEST_F(mount, nobody)
{
	ASSERT_EQ(0, by_mount(DIR, 0, OPTIONS));
	EXPECT_FALSE(shown("dmapi_nomount"));
	ASSERT_EQ(0, umount(DIR));
	ASSERT_EQ(0, want_mount(self->sid, true));
	ASSERT_EQ(0, want_mount(self->sid, false));
	EXPECT_EQ(0, by_mount(DIR, 0, "dmapi,dmapi_nomount=continue"));
	EXPECT_FALSE(shown("dmapi_nomount"));
	ASSERT_EQ(0, umount(DIR));
	EXPECT_TRUE(is_free());
	EXPECT_EQ(-EIO, by_mount(DIR, 0, "dmapi,dmapi_nomount=fail"));
	EXPECT_EQ(-EIO, by_move_mount(DIR, 0, "dmapi,dmapi_nomount=fail"));
	EXPECT_FALSE(is_mounted(DIR));
	EXPECT_TRUE(is_free());
	EXPECT_EQ(-EINVAL, by_mount(DIR, 0, "dmapi,dmapi_nomount=perhaps"));
	/* An unmanaged one is nobody's business. */
	ASSERT_EQ(0, want_mount(self->sid, true));
	EXPECT_EQ(0, by_mount(DIR, 0, "dmapi_nomount=fail"));
	EXPECT_EQ(0, umount(DIR));
}

/* Somebody there, who does not care, is not nobody. */
TEST_F(mount, nobody_cares)
{
	struct msg m;
	pid_t pid;

	ASSERT_EQ(0, want_mount(self->sid, true));
	pid = spawn_mount(&old_api, 0, "dmapi,dmapi_nomount=fail");
	ASKED(self->sid, &m);
	ASSERT_EQ(0, dontcare(self->sid, m.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_TRUE(shown("dmapi_nomount=fail"));
}

/* By ascending id, whoever registered first. */
TEST_F(mount, one_after_another)
{
	struct msg m, m2;
	pid_t pid;

	ASSERT_EQ(0, want_mount(self->sid2, true));
	ASSERT_EQ(0, want_mount(self->sid, true));
	pid = spawn_mount(&old_api, 0, OPTIONS);
	ASKED(self->sid, &m);
	EXPECT_EQ(-EAGAIN, next(self->sid2, &m2, QUIET));
	ASSERT_EQ(0, dontcare(self->sid, m.token));
	ASKED(self->sid2, &m2);
	EXPECT_NE(m.token, m2.token);
	EXPECT_EQ(m.len, m2.len);
	EXPECT_EQ(0, memcmp(m.payload, m2.payload, m.len));
	ASSERT_EQ(0, dm_continue(self->sid2, m2.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	ASSERT_EQ(0, umount(DIR));

	/* CONTINUE ends it. */
	pid = spawn_mount(&new_api, 0, OPTIONS);
	ASKED(self->sid, &m);
	ASSERT_EQ(0, dm_continue(self->sid, m.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_EQ(-EAGAIN, next(self->sid2, &m2, QUIET));
	ASSERT_EQ(0, umount(DIR));

	/* The second one may refuse. */
	pid = spawn_mount(&old_api, 0, OPTIONS);
	ASKED(self->sid, &m);
	ASSERT_EQ(0, dontcare(self->sid, m.token));
	ASKED(self->sid2, &m2);
	ASSERT_EQ(0, dm_abort(self->sid2, m2.token, EDOM));
	EXPECT_EQ(-EDOM, dm_wait(pid, SOON));
	EXPECT_TRUE(is_free());
}

/* Who is gone, or not registered any more, does not care. */
TEST_F(mount, gone_meanwhile)
{
	struct msg m;
	__s32 sid3;
	pid_t pid;

	ASSERT_EQ(0, dmapi_create_session(0, "mount_test 3", &sid3));
	ASSERT_EQ(0, want_mount(self->sid, true));
	ASSERT_EQ(0, want_mount(self->sid2, true));
	ASSERT_EQ(0, want_mount(sid3, true));
	pid = spawn_mount(&old_api, 0, OPTIONS);
	ASKED(self->sid, &m);
	ASSERT_EQ(0, want_mount(self->sid2, false));
	ASSERT_EQ(0, dmapi_destroy_session(sid3));
	ASSERT_EQ(0, dontcare(self->sid, m.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_EQ(-EAGAIN, next(self->sid2, &m, QUIET));
}

/* The application died, and another one took over. */
TEST_F(mount, assumed)
{
	struct msg m, m2;
	__s32 sid;
	pid_t pid;

	ASSERT_EQ(0, want_mount(self->sid, true));
	ASSERT_EQ(0, want_mount(self->sid2, true));
	pid = spawn_mount(&old_api, 0, OPTIONS);
	ASKED(self->sid, &m);
	ASSERT_EQ(0, dmapi_create_session(self->sid, "heir", &sid));
	self->sid = sid;
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, QUIET));
	/* It has a higher id now; nobody is left out, nobody asked twice. */
	ASSERT_EQ(0, dontcare(sid, m.token));
	ASKED(self->sid2, &m2);
	ASSERT_EQ(0, dontcare(self->sid2, m2.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_EQ(-EAGAIN, next(sid, &m, QUIET));
}

/* Two at a time: one asks, the other waits for how it ends. */
TEST_F(mount, two_mounters)
{
	struct msg m;
	pid_t pid, pid2;

	ASSERT_EQ(0, want_mount(self->sid, true));
	pid = spawn_mount(&old_api, 0, OPTIONS);
	ASKED(self->sid, &m);
	pid2 = spawn_mount(&new_api, 0, OPTIONS);
	EXPECT_TRUE(soon_waits("MOUNT", "joined"));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid2, QUIET));
	ASSERT_EQ(0, dm_abort(self->sid, m.token, EDOM));
	EXPECT_EQ(-EDOM, dm_wait(pid, SOON));
	/* refused, so the other one asks */
	ASKED(self->sid, &m);
	pid = spawn_mount(&old_api, 0, OPTIONS);
	EXPECT_TRUE(soon_waits("MOUNT", "joined"));
	ASSERT_EQ(0, dm_continue(self->sid, m.token));
	EXPECT_EQ(0, dm_wait(pid2, SOON));
	EXPECT_EQ(-EBUSY, dm_wait(pid, SOON));
	EXPECT_EQ(-EAGAIN, next(self->sid, &m, QUIET));
	EXPECT_TRUE(is_mounted(DIR));
	/* Who only joined can be killed, too. */
	ASSERT_EQ(0, umount(DIR));
	pid = spawn_mount(&old_api, 0, OPTIONS);
	ASKED(self->sid, &m);
	pid2 = spawn_mount(&old_api, 0, OPTIONS);
	EXPECT_TRUE(soon_waits("MOUNT", "joined"));
	kill(pid2, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid2, SOON));
	ASSERT_EQ(0, dm_continue(self->sid, m.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

/* Approved, and then it did not work: the next attempt is asked about. */
TEST_F(mount, attached_nowhere)
{
	struct msg m;
	pid_t pid;
	int fd;

	ASSERT_EQ(0, want_mount(self->sid, true));
	fd = detached(0, OPTIONS, 0);
	ASSERT_LE(0, fd);
	/* A directory does not go on a file. */
	pid = fork();
	if (!pid)
		_exit(-attach(fd, "/proc/self/comm"));
	ASKED(self->sid, &m);
	ASSERT_EQ(0, dm_continue(self->sid, m.token));
	EXPECT_GT(0, dm_wait(pid, SOON));
	pid = fork();
	if (!pid)
		_exit(-attach(fd, DIR));
	ASKED(self->sid, &m);
	EXPECT_STREQ(DIR, m.name1);
	ASSERT_EQ(0, dm_continue(self->sid, m.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	close(fd);
}

/* Once for a superblock. */
TEST_F(mount, only_the_first)
{
	struct msg m;
	int fd;

	MOUNT_QUIETLY(OPTIONS);
	ASSERT_EQ(0, want_mount(self->sid, true));
	ASSERT_EQ(0, mount(DIR, BIND, NULL, MS_BIND, NULL));
	ASSERT_EQ(0, umount(BIND));
	ASSERT_EQ(0, by_mount(BIND, 0, OPTIONS));
	ASSERT_EQ(0, umount(BIND));
	ASSERT_EQ(0, by_move_mount(BIND, 0, OPTIONS));
	ASSERT_EQ(0, umount(BIND));
	ASSERT_EQ(0, mount(dev, DIR, "xfs", MS_REMOUNT | MS_RDONLY, OPTIONS));
	ASSERT_EQ(0, mount(dev, DIR, "xfs", MS_REMOUNT, OPTIONS));
	ASSERT_EQ(0, mount(DIR, BIND, NULL, MS_MOVE, NULL));
	ASSERT_EQ(0, mount(BIND, DIR, NULL, MS_MOVE, NULL));
	fd = syscall(SYS_open_tree, AT_FDCWD, DIR, 1);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, attach(fd, BIND));
	close(fd);
	/* not even if the first one goes meanwhile */
	ASSERT_EQ(0, umount(DIR));
	ASSERT_EQ(0, by_mount(DIR, 0, OPTIONS));
	ASSERT_EQ(0, umount(BIND));
	EXPECT_EQ(-EAGAIN, next(self->sid, &m, QUIET));
}

/* Without ever being attached it is used like any other. */
TEST_F(mount, never_attached)
{
	unsigned char buf[1024];
	struct dmapi_object o;
	struct dm_file f;
	char path[100];
	struct msg m;
	__u64 rlen;
	int fd;

	ASSERT_EQ(0, want_mount(self->sid, true));
	fd = detached(0, OPTIONS, 0);
	ASSERT_LE(0, fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ASSERT_EQ(0, want_at(self->sid, path, DM_BIT(UNMOUNT) | DM_BIT(PREUNMOUNT)));
	ASSERT_EQ(0, dm_make_file(&f, self->sid, path, "file", 10000));
	EXPECT_EQ(0, dm_make_offline(&f.o));
	EXPECT_EQ(0, dm_recall(&f.o, 0, 10000));
	EXPECT_EQ(0, dm_read_check(f.path, 0, 10000));
	EXPECT_EQ(0, unlink(f.path));
	f.h.len = DMAPI_FSHANDLE_LEN;
	o = dm_obj(self->sid, &f.h);
	m.type = DMAPI_EVENT_MOUNT;
	ASSERT_EQ(0, dmapi_get_mountinfo(&o, sizeof(buf), buf, &rlen));
	m.len = rlen;
	memcpy(m.payload, buf, rlen);
	memset(m.name1, 1, sizeof(m.name1));
	m.name1[0] = 0;
	ASSERT_EQ(0, unpack(&m));
	EXPECT_STREQ("", m.name1);
	EXPECT_STREQ(dev, m.name2);
	EXPECT_EQ(-EAGAIN, next(self->sid, &m, QUIET));
	close(fd);
	/* There is no unmount(2) that could be asked about. */
	ASSERT_EQ(0, next(self->sid, &m, SOON));
	EXPECT_EQ(DMAPI_EVENT_UNMOUNT, m.type);
	EXPECT_EQ(0, m.retcode);
	EXPECT_EQ(0, dm_continue(self->sid, m.token));
}

/* Mounted on a directory of a managed file system. */
TEST_F(mount, on_a_managed_one)
{
	struct dm_handle h;
	char dir[PATH_MAX];
	struct msg m;
	pid_t pid;

	snprintf(dir, sizeof(dir), "%s/mountpoint", dm_mnt());
	ASSERT_EQ(0, mkdir(dir, 0755));
	ASSERT_EQ(0, dm_path_handle(dir, &h));
	ASSERT_EQ(0, want_mount(self->sid, true));
	pid = fork();
	if (!pid)
		_exit(-by_mount(dir, 0, OPTIONS));
	ASKED(self->sid, &m);
	EXPECT_EQ(DMAPI_HANDLE_LEN, m.h2.len);
	EXPECT_EQ(0, memcmp(h.b, m.h2.b, sizeof(h.b)));
	EXPECT_STREQ(dir, m.name1);
	EXPECT_NE(0, memcmp(m.h1.b, m.h2.b, DMAPI_FSHANDLE_LEN));
	ASSERT_EQ(0, dm_continue(self->sid, m.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_EQ(0, umount(dir));
	EXPECT_EQ(0, rmdir(dir));
}

/* SGI's option */
TEST_F(mount, mtpt)
{
	unsigned char buf[1024];
	struct dmapi_object o;
	struct msg m;
	__u64 rlen;
	pid_t pid;

	ASSERT_EQ(0, want_mount(self->sid, true));
	pid = spawn_mount(&old_api, 0, "mtpt=/else where,dmapi,mtpt=/some where");
	ASKED(self->sid, &m);
	EXPECT_STREQ("/some where", m.name1);
	ASSERT_EQ(0, dm_continue(self->sid, m.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_TRUE(shown("mtpt=/some\\040where"));
	EXPECT_FALSE(shown("mtpt=/else"));
	/* A remount may say what it wants. */
	ASSERT_EQ(0, mount(dev, DIR, "xfs", MS_REMOUNT, "mtpt=/x"));
	EXPECT_TRUE(shown("mtpt=/some\\040where"));
	o = dm_obj(self->sid, &m.h1);
	ASSERT_EQ(0, dmapi_get_mountinfo(&o, sizeof(buf), buf, &rlen));
	EXPECT_EQ(m.len, rlen);
	EXPECT_EQ(0, memcmp(buf, m.payload, rlen));
}

/* For those who slept through it. */
TEST_F(mount, mountinfo)
{
	unsigned char buf[1024], all[1024];
	struct dmapi_object o;
	struct dm_handle h, root;
	struct msg m;
	__u64 rlen;

	MOUNT_QUIETLY(OPTIONS);
	ASSERT_EQ(0, dm_fs_handle(DIR, &h));
	ASSERT_EQ(0, dm_path_handle(DIR, &root));
	o = dm_obj(self->sid, &h);
	ASSERT_EQ(0, dmapi_get_mountinfo(&o, sizeof(all), all, &rlen));
	m.type = DMAPI_EVENT_MOUNT;
	m.len = rlen;
	memcpy(m.payload, all, rlen);
	ASSERT_EQ(0, unpack(&m));
	EXPECT_STREQ(DIR, m.name1);
	EXPECT_STREQ(dev, m.name2);
	EXPECT_EQ(0, memcmp(m.h1.b, h.b, DMAPI_FSHANDLE_LEN));
	EXPECT_EQ(0, memcmp(m.root.b, root.b, DMAPI_HANDLE_LEN));
	/* room for all of it, or nothing */
	EXPECT_EQ(0, dmapi_get_mountinfo(&o, m.len, buf, &rlen));
	rlen = 0;
	memset(buf, 7, sizeof(buf));
	EXPECT_EQ(-E2BIG, dmapi_get_mountinfo(&o, m.len - 1, buf, &rlen));
	EXPECT_EQ(m.len, rlen);
	EXPECT_TRUE(dm_all(buf, 7, sizeof(buf)));
	EXPECT_EQ(-EFAULT, dmapi_get_mountinfo(&o, m.len, DM_BAD_PTR, &rlen));
	EXPECT_EQ(-EFAULT, dmapi_get_mountinfo(&o, m.len, buf, DM_BAD_PTR));
	o = dm_obj(self->sid, &root);
	EXPECT_EQ(-EINVAL, dmapi_get_mountinfo(&o, sizeof(buf), buf, &rlen));
	o = dm_obj_global(self->sid);
	EXPECT_EQ(-EBADF, dmapi_get_mountinfo(&o, sizeof(buf), buf, &rlen));
	ASSERT_EQ(0, umount(DIR));
	o = dm_obj(self->sid, &h);
	EXPECT_EQ(-EBADF, dmapi_get_mountinfo(&o, sizeof(buf), buf, &rlen));
}

TEST_HARNESS_MAIN
