// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens to a read that no session wants to hear of, and what a signal
 * does to one that waits
 *
 * The file has an armed piece that is offline, an armed piece that is there,
 * and one that is free.
 */
#include "common.h"

#define OFFLINE_AT	0
#define ARMED_AT	DM_GRANULE
#define FREE_AT		(2 * DM_GRANULE)
#define LEN		4096
#define SOON		5000
#define AWHILE		120

FIXTURE(policy)
{
	DM_FIXTURE_FIELDS;
	struct dm_file f;
};

FIXTURE_SETUP(policy)
{
	snprintf(self->dir, sizeof(self->dir), "%s/policy.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "policy_test", &self->sid));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "f", 3 * DM_GRANULE));
	ASSERT_EQ(0, dm_arm(&self->f.o, 0, 2 * DM_GRANULE, DMAPI_REGION_READ));
	ASSERT_EQ(0, dmapi_punch_hole(&self->f.o, OFFLINE_AT, DM_GRANULE));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "block"));
	ASSERT_EQ(0, dm_sysfs_set("interruptible", "0"));
}

FIXTURE_TEARDOWN(policy)
{
	dm_sysfs_set("data_policy", "block");
	dm_sysfs_set("interruptible", "0");
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
}

TEST_F(policy, names)
{
	char buf[40];

	ASSERT_EQ(0, dm_sysfs_get("data_policy", buf, sizeof(buf)));
	EXPECT_STREQ("block", buf);
	EXPECT_EQ(0, dm_sysfs_set("data_policy", "fail\n"));
	ASSERT_EQ(0, dm_sysfs_get("data_policy", buf, sizeof(buf)));
	EXPECT_STREQ("fail", buf);
	EXPECT_EQ(0, dm_sysfs_set("data_policy", "continue"));
	ASSERT_EQ(0, dm_sysfs_get("data_policy", buf, sizeof(buf)));
	EXPECT_STREQ("continue", buf);
	EXPECT_EQ(-EINVAL, dm_sysfs_set("data_policy", "maybe"));
	EXPECT_EQ(-EINVAL, dm_sysfs_set("data_policy", "blockade"));
	EXPECT_EQ(-EINVAL, dm_sysfs_set("interruptible", "perhaps"));
	EXPECT_EQ(0, dm_sysfs_set("interruptible", "1"));
	ASSERT_EQ(0, dm_sysfs_get("interruptible", buf, sizeof(buf)));
	EXPECT_STREQ("1", buf);
	ASSERT_EQ(0, dm_sysfs_get("data_policy", buf, sizeof(buf)));
	EXPECT_STREQ("continue", buf);
}

TEST_F(policy, block)
{
	pid_t off = dm_spawn_read(self->f.path, OFFLINE_AT, LEN);
	pid_t armed = dm_spawn_read(self->f.path, ARMED_AT, LEN);
	struct dm_event e;

	EXPECT_EQ(0, dm_read_check(self->f.path, FREE_AT, LEN));
	EXPECT_EQ(DM_RUNNING, dm_wait(off, AWHILE));
	EXPECT_EQ(DM_RUNNING, dm_wait(armed, 0));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
		EXPECT_EQ(0, dm_recall(&self->f.o, e.offset, e.length));
		EXPECT_EQ(0, dm_continue(self->sid, e.token));
	}
	EXPECT_EQ(0, dm_wait(off, SOON));
	EXPECT_EQ(0, dm_wait(armed, SOON));
}

TEST_F(policy, fail)
{
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "fail"));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, OFFLINE_AT, LEN));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, ARMED_AT, LEN));
	EXPECT_EQ(0, dm_read_check(self->f.path, FREE_AT, LEN));
}

TEST_F(policy, continue)
{
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "continue"));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, OFFLINE_AT, LEN));
	EXPECT_EQ(-EIO, dm_read_check(self->f.path, ARMED_AT - 1, 2));
	EXPECT_EQ(0, dm_read_check(self->f.path, ARMED_AT, LEN));
	EXPECT_EQ(0, dm_read_check(self->f.path, FREE_AT, LEN));
}

/* Who has a session is asked, whatever the policy. */
TEST_F(policy, session_counts)
{
	const char *policies[] = { "block", "fail", "continue" };
	struct dm_event e;
	pid_t pid;

	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, dm_sysfs_set("data_policy", policies[i]));
		pid = dm_spawn_read(self->f.path, ARMED_AT, LEN);
		ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
		EXPECT_EQ(DM_RUNNING, dm_wait(pid, 20));
		EXPECT_EQ(0, dm_abort(self->sid, e.token, EPERM));
		EXPECT_EQ(-EPERM, dm_wait(pid, SOON));
	}
}

/* A change finds those who wait already. */
TEST_F(policy, fail_while_waiting)
{
	pid_t off = dm_spawn_read(self->f.path, OFFLINE_AT, LEN);
	pid_t armed = dm_spawn_read(self->f.path, ARMED_AT, LEN);

	EXPECT_EQ(DM_RUNNING, dm_wait(off, AWHILE));
	EXPECT_EQ(DM_RUNNING, dm_wait(armed, 0));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "fail"));
	EXPECT_EQ(-EIO, dm_wait(off, SOON));
	EXPECT_EQ(-EIO, dm_wait(armed, SOON));
}

TEST_F(policy, continue_while_waiting)
{
	pid_t off = dm_spawn_read(self->f.path, OFFLINE_AT, LEN);
	pid_t armed = dm_spawn_read(self->f.path, ARMED_AT, LEN);

	EXPECT_EQ(DM_RUNNING, dm_wait(off, AWHILE));
	EXPECT_EQ(DM_RUNNING, dm_wait(armed, 0));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "continue"));
	EXPECT_EQ(-EIO, dm_wait(off, SOON));
	EXPECT_EQ(0, dm_wait(armed, SOON));
}

/* ... but not those whose event a session has. */
TEST_F(policy, change_spares_queued)
{
	struct dm_event e;
	pid_t pid;

	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	pid = dm_spawn_read(self->f.path, ARMED_AT, LEN);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "fail"));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

/* The session goes, and with it its disposition. */
TEST_F(policy, session_destroyed)
{
	struct dm_event e;
	pid_t pid;

	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	pid = dm_spawn_read(self->f.path, ARMED_AT, LEN);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(-EBUSY, dmapi_destroy_session(self->sid));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
	EXPECT_EQ(0, dmapi_destroy_session(self->sid));
	pid = dm_spawn_read(self->f.path, ARMED_AT, LEN);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "fail"));
	EXPECT_EQ(-EIO, dm_wait(pid, SOON));
	ASSERT_EQ(0, dmapi_create_session(0, "policy_test", &self->sid));
}

/* --- Signals ------------------------------------------------------------------ */

static volatile sig_atomic_t handled;

static void on_signal(int sig)
{
	(void)sig;
	handled++;
}

/*
 * A reader with a handler.  Exit status: 0 it read after the handler ran; EINTR
 * and others as read says.
 */
static pid_t spawn_handling(const char *path, int flags)
{
	pid_t pid = fork();

	if (!pid) {
		struct sigaction sa = { .sa_handler = on_signal, .sa_flags = flags };
		long ret;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigaction(SIGUSR1, &sa, NULL);
		ret = dm_read_check(path, OFFLINE_AT, LEN);
		_exit(!ret && !handled ? ENOMSG : -ret);
	}
	return pid;
}

TEST_F(policy, uninterruptible)
{
	pid_t pid = spawn_handling(self->f.path, 0);
	struct dm_event e;

	/* in both kinds of wait: for a session, for an answer */
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	kill(pid, SIGUSR1);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	kill(pid, SIGUSR1);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	EXPECT_EQ(0, dm_recall(&self->f.o, OFFLINE_AT, LEN));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

TEST_F(policy, killable)
{
	pid_t pid = spawn_handling(self->f.path, 0);

	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	kill(pid, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, SOON));
	/* a signal that ends the process is as good */
	pid = dm_spawn_read(self->f.path, OFFLINE_AT, LEN);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	kill(pid, SIGTERM);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, SOON));
}

TEST_F(policy, interrupted)
{
	pid_t pid;
	struct dm_event e;

	ASSERT_EQ(0, dm_sysfs_set("interruptible", "1"));
	pid = spawn_handling(self->f.path, 0);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	kill(pid, SIGUSR1);
	EXPECT_EQ(-EINTR, dm_wait(pid, SOON));

	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	pid = spawn_handling(self->f.path, 0);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	kill(pid, SIGUSR1);
	EXPECT_EQ(-EINTR, dm_wait(pid, SOON));
	/* Its message was read, and can still be answered. */
	EXPECT_EQ(0, dm_continue(self->sid, e.token));

	pid = spawn_handling(self->f.path, 0);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	kill(pid, SIGUSR1);
	EXPECT_EQ(-EINTR, dm_wait(pid, SOON));
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 0));
}

TEST_F(policy, restarted)
{
	pid_t pid;
	struct dm_event e;

	ASSERT_EQ(0, dm_sysfs_set("interruptible", "1"));
	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	pid = spawn_handling(self->f.path, SA_RESTART);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	kill(pid, SIGUSR1);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	/* The first message may still be answered, which helps nobody. */
	EXPECT_EQ(0, dm_abort(self->sid, e.token, ENOSPC));
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	EXPECT_EQ(0, dm_recall(&self->f.o, OFFLINE_AT, LEN));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

/* The change reaches a wait that began before it. */
TEST_F(policy, interruptible_while_waiting)
{
	pid_t pid = spawn_handling(self->f.path, 0);

	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	ASSERT_EQ(0, dm_sysfs_set("interruptible", "1"));
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	kill(pid, SIGUSR1);
	EXPECT_EQ(-EINTR, dm_wait(pid, SOON));

	/* and the other way round */
	pid = spawn_handling(self->f.path, 0);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	ASSERT_EQ(0, dm_sysfs_set("interruptible", "0"));
	dm_sleep_ms(20);
	kill(pid, SIGUSR1);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "fail"));
	EXPECT_EQ(-EIO, dm_wait(pid, SOON));
}

/* Stopped and continued: no signal that anybody handles. */
TEST_F(policy, stopped)
{
	pid_t pid;
	struct dm_event e;

	ASSERT_EQ(0, dm_want(self->sid, DM_BIT(READ)));
	pid = dm_spawn_read(self->f.path, OFFLINE_AT, LEN);
	ASSERT_EQ(0, dm_next(self->sid, &e, SOON));
	kill(pid, SIGSTOP);
	dm_sleep_ms(20);
	kill(pid, SIGCONT);
	EXPECT_EQ(DM_RUNNING, dm_wait(pid, AWHILE));
	EXPECT_EQ(0, dm_recall(&self->f.o, OFFLINE_AT, LEN));
	EXPECT_EQ(0, dm_continue(self->sid, e.token));
	EXPECT_EQ(0, dm_wait(pid, SOON));
}

TEST_HARNESS_MAIN
