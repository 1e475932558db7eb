// SPDX-License-Identifier: GPL-2.0
/*
 * Made read-only while the manager is at work
 *
 * The manager works by handles: no descriptor of its own keeps a file system
 * from being made read-only, as those of others do.  What it does is done before
 * that, or fails with EROFS; it does not hold it up, and nothing is written
 * afterwards.
 */
#include "waiters.h"

#define SOON	15000		/* ms */
#define ROUNDS	40

DM_FIXTURE(remount)

static long remount(unsigned long flags)
{
	return mount(dm_dev(), dm_mnt(), "xfs", MS_REMOUNT | flags, "dmapi") ? -errno : 0;
}

static long remount_child(void *arg)
{
	return remount(*(unsigned long *)arg);
}

/* How many requests to write has the device had? */
static long writes(void)
{
	const char *name = strrchr(dm_dev(), '/') + 1;
	char path[PATH_MAX];
	long n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/block/%s/stat", name);
	f = fopen(path, "r");
	if (!f)
		return -1;
	if (fscanf(f, "%*d %*d %*d %*d %ld", &n) != 1)
		n = -1;
	fclose(f);
	return n;
}

/* Move the data away and bring it back, for ever; a refusal is no error. */
static long move_child(void *arg)
{
	struct waiter *w = arg;

	for (;;) {
		long ret = dm_arm(&w->f.o, 0, 0, DMAPI_REGION_READ);

		if (!ret)
			ret = dmapi_punch_hole(&w->f.o, 0, 0);
		if (!ret || ret == -EROFS)
			ret = waiter_recall(w);
		if (ret && ret != -EROFS)
			return ret;
	}
}

TEST_F_TIMEOUT(remount, manager_at_work, 60)
{
	struct waiter w = { .kind = waiter_kinds };
	unsigned long ro = MS_RDONLY;
	pid_t manager, pid;
	const char *why;
	int i;

	ASSERT_EQ(0, waiter_make(&w, self->sid, self->dir));
	manager = dm_spawn(move_child, &w);
	for (i = 0; i < ROUNDS; i++) {
		long before;

		dm_sleep_ms(i % 8);
		pid = dm_spawn(remount_child, &ro);
		ASSERT_EQ(0, dm_wait(pid, SOON)) {
			/* Else it never ends. */
			kill(manager, SIGKILL);
			TH_LOG("round %d: the manager holds it up", i);
			dm_wait(pid, SOON);
		}
		before = writes();
		EXPECT_EQ(DM_RUNNING, dm_wait(manager, 20));
		EXPECT_EQ(before, writes());
		ASSERT_EQ(0, remount(0));
	}
	kill(manager, SIGKILL);
	EXPECT_EQ(DM_SIGNALLED, dm_wait(manager, SOON));
	ASSERT_EQ(0, waiter_recall(&w));
	ASSERT_EQ(0, dm_disarm(&w.f.o));
	why = waiter_verify(&w, false);
	EXPECT_EQ(NULL, why) {
		TH_LOG("%s", why);
	}
	ASSERT_EQ(0, dm_umount());
	EXPECT_EQ(0, run("xfs_repair -n %s > /run/repair.log 2>&1", dm_dev())) {
		run("sed 's/^/# /' /run/repair.log | tail -n 20");
	}
	ASSERT_EQ(0, dm_mount(0, "dmapi"));
}

TEST_HARNESS_MAIN
