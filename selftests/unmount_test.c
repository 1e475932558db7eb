// SPDX-License-Identifier: GPL-2.0
/*
 * PREUNMOUNT, UNMOUNT
 */
#include "mounting.h"

/* --- PREUNMOUNT, UNMOUNT ------------------------------------------------------ */

#define BOTH	(DM_BIT(PREUNMOUNT) | DM_BIT(UNMOUNT))

/* The next message is this one, of the file system @h. */
#define TOLD(sid, m, event, m_mode, code, h)				\
	do {								\
		ASSERT_EQ(0, next(sid, m, SOON));			\
		EXPECT_EQ(DMAPI_EVENT_##event, (m)->type);		\
		EXPECT_EQ(m_mode, (m)->mode);				\
		EXPECT_EQ(code, (m)->retcode);				\
		EXPECT_LT(0, (m)->token);				\
		EXPECT_EQ(DMAPI_FSHANDLE_LEN, (m)->h1.len);		\
		EXPECT_EQ(0, memcmp((m)->h1.b, (h)->b, DMAPI_FSHANDLE_LEN)); \
	} while (0)

TEST_F(mount, unmounted)
{
	struct dm_handle root;
	unsigned char buf[200];
	struct msg m;
	__u64 rlen;
	pid_t pid;

	MOUNT_QUIETLY(OPTIONS);
	ASSERT_EQ(0, dm_path_handle(DIR, &root));
	ASSERT_EQ(0, want_at(self->sid, DIR, BOTH));
	pid = spawn_umount(0);
	TOLD(self->sid, &m, PREUNMOUNT, 0, 0, &root);
	EXPECT_EQ(DMAPI_HANDLE_LEN, m.h2.len);
	EXPECT_EQ(0, memcmp(m.h2.b, root.b, DMAPI_HANDLE_LEN));
	/* All of it works. */
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, QUIET));
	EXPECT_TRUE(waits("PREUNMOUNT", "delivered"));
	EXPECT_TRUE(is_mounted(DIR));
	EXPECT_EQ(0, others_go_on());
	EXPECT_EQ(0, mkdir(DIR "/d", 0755));
	EXPECT_EQ(0, rmdir(DIR "/d"));
	EXPECT_EQ(-EINVAL, dontcare(self->sid, m.token));
	ASSERT_EQ(0, dm_continue(self->sid, m.token));
	ASSERT_EQ(0, dm_wait(pid, SOON));
	TOLD(self->sid, &m, UNMOUNT, 0, 0, &root);
	EXPECT_EQ(0, m.h2.len);
	/* The device is free by then, not a moment later. */
	pid = open(dev, O_RDONLY | O_EXCL | O_CLOEXEC);
	EXPECT_LE(0, pid);
	close(pid);
	/* It stays readable, and mounting goes on without an answer. */
	EXPECT_EQ(0, dmapi_find_eventmsg(self->sid, m.token, sizeof(buf), buf, &rlen));
	MOUNT_QUIETLY(OPTIONS);
	EXPECT_EQ(-EINVAL, dontcare(self->sid, m.token));
	EXPECT_EQ(0, dm_abort(self->sid, m.token, EIO));
	EXPECT_EQ(-ESRCH, dm_continue(self->sid, m.token));
	/* Dispositions have gone. */
	ASSERT_EQ(0, umount(DIR));
	EXPECT_EQ(-EAGAIN, next(self->sid, &m, QUIET));
}

TEST_F(mount, unmount_refused)
{
	struct dm_handle h;
	struct msg m;
	pid_t pid;

	MOUNT_QUIETLY(OPTIONS);
	ASSERT_EQ(0, dm_fs_handle(DIR, &h));
	ASSERT_EQ(0, want(self->sid, &h, BOTH));
	pid = spawn_umount(0);
	TOLD(self->sid, &m, PREUNMOUNT, 0, 0, &h);
	ASSERT_EQ(0, dm_abort(self->sid, m.token, EDOM));
	EXPECT_EQ(-EDOM, dm_wait(pid, SOON));
	EXPECT_TRUE(is_mounted(DIR));
	TOLD(self->sid, &m, UNMOUNT, 0, EDOM, &h);
	ASSERT_EQ(0, dm_continue(self->sid, m.token));
	/* An errno like any other: also the one that means something here. */
	pid = spawn_umount(0);
	TOLD(self->sid, &m, PREUNMOUNT, 0, 0, &h);
	ASSERT_EQ(0, dm_abort(self->sid, m.token, EIO));
	EXPECT_EQ(-EIO, dm_wait(pid, SOON));
	TOLD(self->sid, &m, UNMOUNT, 0, EIO, &h);
	ASSERT_EQ(0, dm_continue(self->sid, m.token));
	/* killed */
	pid = spawn_umount(0);
	TOLD(self->sid, &m, PREUNMOUNT, 0, 0, &h);
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, SOON));
	EXPECT_TRUE(is_mounted(DIR));
	ASSERT_EQ(0, dm_continue(self->sid, m.token));
	TOLD(self->sid, &m, UNMOUNT, 0, EINTR, &h);
}

TEST_F(mount, busy)
{
	struct dm_handle h;
	struct msg m;
	pid_t pid;
	int fd;

	MOUNT_QUIETLY(OPTIONS);
	ASSERT_EQ(0, dm_fs_handle(DIR, &h));
	ASSERT_EQ(0, want(self->sid, &h, BOTH));
	fd = open(DIR, O_RDONLY | O_CLOEXEC);
	pid = spawn_umount(0);
	TOLD(self->sid, &m, PREUNMOUNT, 0, 0, &h);
	ASSERT_EQ(0, dm_continue(self->sid, m.token));
	EXPECT_EQ(-EBUSY, dm_wait(pid, SOON));
	TOLD(self->sid, &m, UNMOUNT, 0, EBUSY, &h);
	EXPECT_TRUE(is_mounted(DIR));
	/* What it told still counts for something. */
	close(fd);
	pid = spawn_umount(0);
	TOLD(self->sid, &m, PREUNMOUNT, 0, 0, &h);
	ASSERT_EQ(0, dm_continue(self->sid, m.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	TOLD(self->sid, &m, UNMOUNT, 0, 0, &h);
}

/* Nobody waits for an answer; the end comes with the last user. */
TEST_F(mount, lazily)
{
	struct dm_handle h;
	struct msg m;
	pid_t pid;
	int fd;

	MOUNT_QUIETLY(OPTIONS);
	ASSERT_EQ(0, dm_fs_handle(DIR, &h));
	ASSERT_EQ(0, want(self->sid, &h, BOTH));
	fd = open(DIR, O_RDONLY | O_CLOEXEC);
	pid = spawn_umount(MNT_DETACH);
	EXPECT_EQ(0, dm_wait(pid, SOON));
	TOLD(self->sid, &m, PREUNMOUNT, DMAPI_UNMOUNT_FORCE, 0, &h);
	EXPECT_EQ(DMAPI_HANDLE_LEN, m.h2.len);
	/* a word too late */
	ASSERT_EQ(0, dm_abort(self->sid, m.token, EDOM));
	EXPECT_FALSE(is_mounted(DIR));
	EXPECT_EQ(-EAGAIN, next(self->sid, &m, QUIET));
	EXPECT_EQ(0, mkdirat(fd, "d", 0755));
	EXPECT_EQ(0, unlinkat(fd, "d", AT_REMOVEDIR));
	/* not another MOUNT either: it has not been away */
	ASSERT_EQ(0, want_mount(self->sid, true));
	ASSERT_EQ(0, by_mount(DIR, 0, OPTIONS));
	EXPECT_EQ(-EAGAIN, next(self->sid, &m, QUIET));
	pid = spawn_umount(MNT_DETACH);
	EXPECT_EQ(0, dm_wait(pid, SOON));
	TOLD(self->sid, &m, PREUNMOUNT, DMAPI_UNMOUNT_FORCE, 0, &h);
	EXPECT_EQ(-EAGAIN, next(self->sid, &m, QUIET));
	close(fd);
	TOLD(self->sid, &m, UNMOUNT, DMAPI_UNMOUNT_FORCE, 0, &h);
}

TEST_F(mount, by_force)
{
	struct dm_handle h;
	struct msg m;
	pid_t pid;
	int fd;

	MOUNT_QUIETLY(OPTIONS);
	ASSERT_EQ(0, dm_fs_handle(DIR, &h));
	ASSERT_EQ(0, want(self->sid, &h, BOTH));
	fd = open(DIR, O_RDONLY | O_CLOEXEC);
	pid = spawn_umount(MNT_FORCE);
	EXPECT_EQ(-EBUSY, dm_wait(pid, SOON));
	TOLD(self->sid, &m, PREUNMOUNT, DMAPI_UNMOUNT_FORCE, 0, &h);
	TOLD(self->sid, &m, UNMOUNT, DMAPI_UNMOUNT_FORCE, EBUSY, &h);
	close(fd);
	/*
	 * It ends the wait of who is polite.  Both are in each other's way: it may
	 * take another one.
	 */
	pid = spawn_umount(0);
	TOLD(self->sid, &m, PREUNMOUNT, 0, 0, &h);
	ASSERT_EQ(DM_RUNNING, dm_wait(pid, QUIET));
	umount2(DIR, MNT_FORCE);
	EXPECT_NE(DM_RUNNING, dm_wait(pid, SOON));
	if (is_mounted(DIR))
		EXPECT_EQ(0, umount2(DIR, MNT_FORCE));
	EXPECT_FALSE(is_mounted(DIR));
	EXPECT_TRUE(is_free());
	/* An old message is still good for an answer. */
	EXPECT_EQ(0, dm_abort(self->sid, m.token, EDOM));
}

/* What is not the last mount is nobody's business. */
TEST_F(mount, only_the_last)
{
	struct dm_handle h;
	struct msg m;
	pid_t pid;

	MOUNT_QUIETLY(OPTIONS);
	ASSERT_EQ(0, dm_fs_handle(DIR, &h));
	ASSERT_EQ(0, want(self->sid, &h, BOTH));
	ASSERT_EQ(0, mount(DIR, BIND, NULL, MS_BIND, NULL));
	ASSERT_EQ(0, umount(BIND));
	ASSERT_EQ(0, mount(DIR, BIND, NULL, MS_BIND, NULL));
	ASSERT_EQ(0, mount("none", BIND, NULL, MS_PRIVATE, NULL));
	pid = spawn_umount(0);
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_EQ(-EAGAIN, next(self->sid, &m, QUIET));
	ASSERT_EQ(0, mount(BIND, DIR, NULL, MS_MOVE, NULL));
	pid = spawn_umount(0);
	TOLD(self->sid, &m, PREUNMOUNT, 0, 0, &h);
	ASSERT_EQ(0, dm_continue(self->sid, m.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	TOLD(self->sid, &m, UNMOUNT, 0, 0, &h);
}

static long idle_elsewhere(void *arg)
{
	char c;

	if (unshare(CLONE_NEWNS) || write(((int *)arg)[1], "", 1) != 1)
		return -errno;
	return read(((int *)arg)[2], &c, 1) < 0 ? -errno : 0;
}

/*
 * Other namespaces have copies that go with it, as every service of systemd has:
 * it is the last one nevertheless.  A copy that does not go along is another.
 */
TEST_F(mount, copies_elsewhere)
{
	struct dm_handle h;
	int pipes[4];
	struct msg m;
	pid_t pid, other;
	char c;

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(0, pipe(pipes + 2));
	/* /mnt is a mount of its own in the machine, or becomes one */
	ASSERT_EQ(0, mount("/mnt", "/mnt", NULL, MS_BIND | MS_REC, NULL));
	ASSERT_EQ(0, mount(NULL, "/mnt", NULL, MS_SHARED, NULL));
	MOUNT_QUIETLY(OPTIONS);
	ASSERT_EQ(0, dm_fs_handle(DIR, &h));
	ASSERT_EQ(0, want(self->sid, &h, BOTH));
	other = dm_spawn(idle_elsewhere, pipes);
	ASSERT_EQ(1, read(pipes[0], &c, 1));
	pid = spawn_umount(0);
	TOLD(self->sid, &m, PREUNMOUNT, 0, 0, &h);
	ASSERT_EQ(0, dm_continue(self->sid, m.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	TOLD(self->sid, &m, UNMOUNT, 0, 0, &h);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);

	ASSERT_EQ(0, mount(NULL, "/mnt", NULL, MS_PRIVATE, NULL));
	MOUNT_QUIETLY(OPTIONS);
	ASSERT_EQ(0, want(self->sid, &h, BOTH));
	other = dm_spawn(idle_elsewhere, pipes);
	ASSERT_EQ(1, read(pipes[0], &c, 1));
	pid = spawn_umount(0);
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_EQ(-EAGAIN, next(self->sid, &m, QUIET));
	/* The namespace dies, with the last mount, and nobody is asked. */
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	TOLD(self->sid, &m, UNMOUNT, 0, 0, &h);
	for (c = 0; c < 4; c++)
		close(pipes[(int)c]);
	EXPECT_EQ(0, umount2("/mnt", MNT_DETACH));
}

/*
 * Nobody wants to know, or the file system does not say, or only the end; the
 * session may go before it.
 */
TEST_F(mount, unasked)
{
	struct dmapi_object o;
	struct dm_handle h;
	struct msg m;
	__u64 none = 0;
	__s32 sid;

	MOUNT_QUIETLY(OPTIONS);
	EXPECT_EQ(0, umount(DIR));
	MOUNT_QUIETLY(OPTIONS);
	ASSERT_EQ(0, dm_fs_handle(DIR, &h));
	ASSERT_EQ(0, want(self->sid, &h, DM_BIT(UNMOUNT)));
	EXPECT_EQ(0, umount(DIR));
	TOLD(self->sid, &m, UNMOUNT, 0, 0, &h);
	MOUNT_QUIETLY(OPTIONS);
	ASSERT_EQ(0, dmapi_create_session(0, "short-lived", &sid));
	ASSERT_EQ(0, want(sid, &h, BOTH));
	ASSERT_EQ(0, dmapi_destroy_session(sid));
	EXPECT_EQ(0, umount(DIR));
	MOUNT_QUIETLY(OPTIONS);
	ASSERT_EQ(0, want(self->sid, &h, BOTH));
	o = dm_obj(self->sid, &h);
	ASSERT_EQ(0, dmapi_set_eventlist(&o, &none, DMAPI_EVENT_MAX));
	EXPECT_EQ(0, umount(DIR));
	EXPECT_EQ(-EAGAIN, next(self->sid, &m, QUIET));
	MOUNT_QUIETLY(OPTIONS);
	ASSERT_EQ(0, want(self->sid, &h, BOTH));
	ASSERT_EQ(0, dmapi_set_disp(&o, &none, DMAPI_EVENT_MAX));
	EXPECT_EQ(0, umount(DIR));
	EXPECT_EQ(-EAGAIN, next(self->sid, &m, QUIET));
}

/* A full queue: what nobody waits for is lost, and counted. */
TEST_F(mount, lost)
{
	char value[30];
	struct dm_handle h;
	struct msg m;
	int fd;

	MOUNT_QUIETLY(OPTIONS);
	setenv("DM_DEV", dev, 1);
	ASSERT_EQ(0, dm_fs_handle(DIR, &h));
	ASSERT_EQ(0, want(self->sid, &h, DM_BIT(UNMOUNT)));
	ASSERT_EQ(0, dm_sysfs_set("queue_limit", "1"));
	fd = open(DIR, O_RDONLY | O_CLOEXEC);
	EXPECT_EQ(-1, umount(DIR));
	EXPECT_EQ(EBUSY, errno);
	ASSERT_EQ(0, dm_sysfs_get("lost", value, sizeof(value)));
	EXPECT_STREQ("0", value);
	EXPECT_EQ(-1, umount(DIR));
	EXPECT_EQ(EBUSY, errno);
	ASSERT_EQ(0, dm_sysfs_get("lost", value, sizeof(value)));
	EXPECT_STREQ("1", value);
	close(fd);
	EXPECT_EQ(0, umount(DIR));
	TOLD(self->sid, &m, UNMOUNT, 0, EBUSY, &h);
	EXPECT_EQ(-EAGAIN, next(self->sid, &m, QUIET));
}

/* What was shut down can be unmounted, whatever anybody says. */
TEST_F(mount, shut_down)
{
	struct dm_handle h;
	__u32 how = DM_NOLOGFLUSH;
	struct msg m;
	pid_t pid;
	int fd;

	MOUNT_QUIETLY(OPTIONS);
	ASSERT_EQ(0, dm_fs_handle(DIR, &h));
	ASSERT_EQ(0, want(self->sid, &h, BOTH));
	pid = spawn_umount(0);
	TOLD(self->sid, &m, PREUNMOUNT, 0, 0, &h);
	fd = open(DIR, O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(0, ioctl(fd, DM_GOINGDOWN, &how));
	EXPECT_EQ(-EBUSY, dm_wait(pid, SOON));
	ASSERT_EQ(0, dm_abort(self->sid, m.token, EDOM));
	TOLD(self->sid, &m, UNMOUNT, 0, EBUSY, &h);
	close(fd);
	pid = spawn_umount(0);
	EXPECT_EQ(0, dm_wait(pid, SOON));
	TOLD(self->sid, &m, UNMOUNT, 0, 0, &h);
}

TEST_HARNESS_MAIN
