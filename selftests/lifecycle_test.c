// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of those who wait when something ends
 *
 * One of every kind (waiters.h) waits.  Then the file system is unmounted, shut
 * down, or made read-only, the session goes, the policy changes, or they get a
 * signal.  Nobody waits for ever, nobody who goes on sees a wrong byte, and those
 * who did not get what they wanted have changed nothing.
 */
#include "waiters_fixture.h"

/* --- Unmounting ---------------------------------------------------------------- */

TEST_F_TIMEOUT(life, umount, 90)
{
	EACH(w) {
		one_waits(_metadata, self, w);
		EXPECT_EQ(-1, umount(dm_mnt())) TH_LOG("%s", w->kind->name);
		EXPECT_EQ(EBUSY, errno) TH_LOG("%s", w->kind->name);
		serve_all(_metadata, self);
		all_done(_metadata, self);
	}
}

static long open_by_name(void *arg)
{
	struct waiter *w = arg;

	return open(w->f.path, O_WRONLY | O_TRUNC) < 0 ? -errno : 0;
}

/* A name that leads somewhere else when it is looked up again. */
TEST_F(life, umount_opener)
{
	struct waiter *w = &self->w[W_KINDS - 1];

	make(_metadata, self, w);
	ASSERT_EQ(0, want(self, self->how == NOBODY ? 0 : EVENTS));
	w->pid = dm_spawn(open_by_name, w);
	ASSERT_TRUE(sysfs_reaches("waiters", 1));
	EXPECT_EQ(-1, umount(dm_mnt()));
	EXPECT_EQ(EBUSY, errno);
	ASSERT_EQ(0, umount2(dm_mnt(), MNT_DETACH));
	take_all(_metadata, self);
	answer(_metadata, self, w);
	EXPECT_RESULT(-ENOENT, w, SOON);
	ASSERT_EQ(0, mount_again(0));
	all_unharmed(_metadata, self);
}

TEST_F_TIMEOUT(life, umount_lazy, 90)
{
	all_wait(_metadata, self);
	ASSERT_EQ(0, umount2(dm_mnt(), MNT_DETACH));
	EXPECT_ALL(DM_RUNNING, 1);
	serve_all(_metadata, self);
	ASSERT_EQ(0, mount_again(0));
	all_done(_metadata, self);
}

TEST_F_TIMEOUT(life, umount_lazy_kill, 90)
{
	all_wait(_metadata, self);
	ASSERT_EQ(0, umount2(dm_mnt(), MNT_DETACH));
	EACH(w)
		kill(w->pid, SIGKILL);
	EXPECT_ALL(DM_SIGNALLED, SOON);
	settle(_metadata, self);
	ASSERT_EQ(0, mount_again(0));
	all_unharmed(_metadata, self);
}

TEST_F_TIMEOUT(life, umount_force, 90)
{
	all_wait(_metadata, self);
	/* Those who end may have gone by the time it looks whether it is busy. */
	if (umount2(dm_mnt(), MNT_FORCE)) {
		EXPECT_EQ(EBUSY, errno);
	}
	EXPECT_ALL(-EIO, SOON);
	settle(_metadata, self);
	ASSERT_EQ(0, mount_again(0));
	all_unharmed(_metadata, self);
}

TEST_F_TIMEOUT(life, umount_force_lazy, 90)
{
	all_wait(_metadata, self);
	ASSERT_EQ(0, umount2(dm_mnt(), MNT_FORCE | MNT_DETACH));
	EXPECT_ALL(-EIO, SOON);
	settle(_metadata, self);
	ASSERT_EQ(0, mount_again(0));
	all_unharmed(_metadata, self);
}

/* --- Shutdown -------------------------------------------------------------------- */

static void shut_down(FIX, __u32 flags)
{
	int dir;

	all_wait(_metadata, self);
	dir = open(dm_mnt(), O_RDONLY);
	/* So that nothing of the preparations is lost. */
	ASSERT_EQ(0, syncfs(dir));
	ASSERT_EQ(0, ioctl(dir, _IOR('X', 125, __u32), &flags)) TH_LOG("%m");
	close(dir);
	EXPECT_ALL(-EIO, SOON);
	EXPECT_EQ(-EIO, dm_read_check(self->w[0].f.path, 0, 4096));
	EXPECT_GT(0, waiter_recall(&self->w[0]));
	settle(_metadata, self);
	EXPECT_EQ(0, sysfs_number("waiters"));
	ASSERT_EQ(0, mount_again(0));
	all_unharmed(_metadata, self);
}

TEST_F_TIMEOUT(life, shutdown_default, 90) { shut_down(_metadata, self, 0); }
TEST_F_TIMEOUT(life, shutdown_logflush, 90) { shut_down(_metadata, self, 1); }
TEST_F_TIMEOUT(life, shutdown_nologflush, 90) { shut_down(_metadata, self, 2); }

/* --- Read-only --------------------------------------------------------------------- */

static void readers_wait(FIX)
{
	EACH(w)
		if (w->kind->frozen)
			make(_metadata, self, w);
	start(_metadata, self, 0);
}

/* Nobody can bring anything back; whoever waits does so until somebody can. */
TEST_F_TIMEOUT(life, remount_ro_readers, 90)
{
	readers_wait(_metadata, self);
	ASSERT_EQ(0, remount(MS_RDONLY));
	EACH_MADE(w) {
		EXPECT_EQ(-EROFS, waiter_recall(w)) TH_LOG("%s", w->kind->name);
	}
	EXPECT_ALL(DM_RUNNING, 1);
	ASSERT_EQ(0, remount(0));
	serve_all(_metadata, self);
	all_done(_metadata, self);
}

/* What the manager says meanwhile is what they get, and no data. */
TEST_F_TIMEOUT(life, remount_ro_answers, 90)
{
	bool lie = false;

	readers_wait(_metadata, self);
	ASSERT_EQ(0, remount(MS_RDONLY));
	take_all(_metadata, self);
	EACH_MADE(w) {
		lie = !lie;
		if (lie) {
			EXPECT_EQ(0, dm_continue(self->sid, w->token));
		} else {
			EXPECT_EQ(0, dm_abort(self->sid, w->token, ENETDOWN));
		}
		w->token = 0;
		EXPECT_RESULT(lie ? -EIO : -ENETDOWN, w, SOON);
	}
	ASSERT_EQ(0, remount(0));
	all_unharmed(_metadata, self);
}

/*
 * Who has a file open that can be written is in the way, as always; so is who
 * wants it emptied while it is opened.  Who truncates by name has nothing open
 * while he waits, and finds out when he goes on.
 */
TEST_F_TIMEOUT(life, remount_ro_writers, 90)
{
	EACH(w) {
		if (w->kind->frozen)
			continue;
		one_waits(_metadata, self, w);
		if (w->kind->writes) {
			EXPECT_EQ(-EBUSY, remount(MS_RDONLY)) TH_LOG("%s", w->kind->name);
			serve_all(_metadata, self);
			all_done(_metadata, self);
			continue;
		}
		EXPECT_EQ(0, remount(MS_RDONLY)) TH_LOG("%s", w->kind->name);
		EXPECT_RESULT(DM_RUNNING, w, AWHILE);
		take_all(_metadata, self);
		answer(_metadata, self, w);
		EXPECT_RESULT(-EROFS, w, SOON);
		EXPECT_EQ(0, remount(0));
		all_unharmed(_metadata, self);
	}
}

/* Mounted like that from the start. */
TEST_F_TIMEOUT(life, mounted_ro, 90)
{
	EACH(w)
		if (w->kind->frozen)
			make(_metadata, self, w);
	ASSERT_EQ(0, mount_again(MS_RDONLY));
	start(_metadata, self, 0);
	EACH_MADE(w) {
		EXPECT_EQ(-EROFS, waiter_recall(w)) TH_LOG("%s", w->kind->name);
	}
	EXPECT_ALL(DM_RUNNING, 1);
	ASSERT_EQ(0, remount(0));
	serve_all(_metadata, self);
	all_done(_metadata, self);
}

/* --- Signals -------------------------------------------------------------------------- */

TEST_F_TIMEOUT(life, killed, 90)
{
	all_wait(_metadata, self);
	EACH(w)
		kill(w->pid, SIGKILL);
	EXPECT_ALL(DM_SIGNALLED, SOON);
	EXPECT_TRUE(sysfs_reaches("waiters", 0));
	/* The manager may be in the midst of it and brings it to an end. */
	EACH(w) {
		if (w->token) {
			EXPECT_EQ(0, waiter_recall(w)) TH_LOG("%s", w->kind->name);
		}
	}
	if (self->how == DELIVERED) {
		settle(_metadata, self);
		EACH(w)
			verify(_metadata, w, false);
	} else {
		settle(_metadata, self);
		all_unharmed(_metadata, self);
	}
}

TEST_F_TIMEOUT(life, signal_means_nothing, 90)
{
	EACH(w)
		make(_metadata, self, w);
	start(_metadata, self, SA_RESTART);
	/* It is acted upon later; the program that is run has no handler. */
	EACH(w)
		if (w->kind->run != wait_exec)
			kill(w->pid, SIGUSR1);
	EXPECT_ALL(DM_RUNNING, 5);
	serve_all(_metadata, self);
	all_done(_metadata, self);
}

/* Interruptible: EINTR for who waits himself. */
TEST_F_TIMEOUT(life, interrupted, 90)
{
	EACH(w)
		make(_metadata, self, w);
	ASSERT_EQ(0, dm_sysfs_set("interruptible", "1"));
	start(_metadata, self, 0);
	EACH(w)
		kill(w->pid, SIGUSR1);
	EACH(w) {
		if (w->kind->signal != W_UNMOVED) {
			EXPECT_RESULT(-EINTR, w, SOON);
		}
	}
	ASSERT_EQ(0, want(self, EVENTS));
	EACH(w) {
		if (w->kind->signal != W_UNMOVED)
			continue;
		EXPECT_RESULT(DM_RUNNING, w, AWHILE);
		if (!w->token) {
			ASSERT_EQ(w, take(_metadata, self, SOON));
		}
		serve(_metadata, self, w);
		EXPECT_RESULT(0, w, SOON);
		verify(_metadata, w, true);
	}
	settle(_metadata, self);
	all_unharmed(_metadata, self);
}

/* A handler that restarts: they ask again. */
TEST_F_TIMEOUT(life, restarted, 90)
{
	EACH(w)
		make(_metadata, self, w);
	ASSERT_EQ(0, dm_sysfs_set("interruptible", "1"));
	start(_metadata, self, SA_RESTART);
	EACH(w)
		kill(w->pid, SIGUSR1);
	EACH(w) {
		if (w->kind->signal != W_EINTR)
			continue;
		EXPECT_RESULT(-EINTR, w, SOON);
		if (w->token) {
			EXPECT_EQ(0, dm_abort(self->sid, w->token, ENOSPC));
		}
		w->token = 0;
		/* The others are still there. */
		ASSERT_EQ(0, waiter_recall(w));
		verify(_metadata, w, false);
	}
	EXPECT_ALL(DM_RUNNING, 5);
	EACH_MADE(w) {
		__s32 old = w->token;

		if (self->how != DELIVERED || w->kind->signal != W_RESTARTS)
			continue;
		/* An answer to the first question helps nobody any more. */
		EXPECT_EQ(0, dm_abort(self->sid, old, ENOSPC)) TH_LOG("%s", w->kind->name);
		w->token = 0;
	}
	serve_all(_metadata, self);
	all_done(_metadata, self);
}

/* --- Sessions and policies --------------------------------------------------------------- */

TEST_F_TIMEOUT(life, session_destroyed, 90)
{
	all_wait(_metadata, self);
	if (self->how == NOBODY) {
		/* Nothing ties them to it. */
		EXPECT_EQ(0, dmapi_destroy_session(self->sid));
		EXPECT_ALL(DM_RUNNING, 1);
		ASSERT_EQ(0, dmapi_create_session(0, "another", &self->sid));
		EACH(w)
			w->f.o.sid = self->sid;
	} else {
		EXPECT_EQ(-EBUSY, dmapi_destroy_session(self->sid));
		EXPECT_ALL(DM_RUNNING, 1);
	}
	serve_all(_metadata, self);
	all_done(_metadata, self);
	EXPECT_EQ(0, dmapi_destroy_session(self->sid));
}

TEST_F_TIMEOUT(life, session_assumed, 90)
{
	__s32 old = self->sid;

	all_wait(_metadata, self);
	ASSERT_EQ(0, dmapi_create_session(old, "heir", &self->sid));
	EACH(w)
		w->f.o.sid = self->sid;
	EXPECT_EQ(-EINVAL, dmapi_destroy_session(old));
	EXPECT_ALL(DM_RUNNING, 1);
	serve_all(_metadata, self);
	all_done(_metadata, self);
}

/* Whose event a session has is spared by a change, the others end. */
TEST_F_TIMEOUT(life, policy_fail, 90)
{
	all_wait(_metadata, self);
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "fail"));
	if (self->how == NOBODY) {
		EXPECT_ALL(-EIO, SOON);
		all_unharmed(_metadata, self);
	} else {
		EXPECT_ALL(DM_RUNNING, 5);
		serve_all(_metadata, self);
		all_done(_metadata, self);
	}
}

/* Bytes are missing, so nobody who needs one may go on. */
TEST_F_TIMEOUT(life, policy_continue, 90)
{
	all_wait(_metadata, self);
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "continue"));
	if (self->how != NOBODY) {
		EXPECT_ALL(DM_RUNNING, 5);
		serve_all(_metadata, self);
		all_done(_metadata, self);
		return;
	}
	EACH(w) {
		/* To make a file empty, none is needed. */
		if (w->kind->run != wait_open_trunc) {
			EXPECT_RESULT(-EIO, w, SOON);
			continue;
		}
		EXPECT_RESULT(0, w, SOON);
		verify(_metadata, w, true);
	}
	all_unharmed(_metadata, self);
}

TEST_HARNESS_MAIN
