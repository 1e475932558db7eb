/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A test in which one of every kind waits
 *
 * What they wait for nobody brings yet: their events are delivered and not
 * answered, or not even read, or there is no session.  These are the variants of
 * the fixture.  A test starts them, lets something happen, and sees how it ended:
 * serve_all() gives everybody what he wants, settle() cleans up after those who
 * did not wait for it; all_done() and all_unharmed() look at the files.
 *
 * It is DM_DEV that is unmounted and shut down; it is mounted again before each
 * test.
 */
#ifndef DMAPI_TEST_WAITERS_FIXTURE_H
#define DMAPI_TEST_WAITERS_FIXTURE_H

#include "waiters.h"

#define SOON	15000		/* ms */
#define AWHILE	60
#define EVENTS	(DM_BIT(READ) | DM_BIT(WRITE) | DM_BIT(TRUNCATE))

enum how { NOBODY, QUEUED, DELIVERED };

FIXTURE(life)
{
	DM_FIXTURE_FIELDS;
	enum how how;
	struct dm_handle fs;
	struct waiter w[W_KINDS];
};

FIXTURE_VARIANT(life)
{
	enum how how;
};

FIXTURE_VARIANT_ADD(life, delivered) { .how = DELIVERED };
FIXTURE_VARIANT_ADD(life, queued) { .how = QUEUED };
FIXTURE_VARIANT_ADD(life, nobody) { .how = NOBODY };

/* Mount, once whoever was there before is gone. */
static inline long mount_again(unsigned long flags)
{
	long ret;

	while (!umount2(dm_mnt(), 0))
		;
	if (errno != EINVAL)
		return -errno;
	for (int ms = 0; ms < SOON; ms += 10) {
		ret = dm_mount(flags, "dmapi");
		if (ret != -EBUSY)
			break;
		dm_sleep_ms(10);
	}
	return ret;
}

static inline long remount(unsigned long flags)
{
	return mount(dm_dev(), dm_mnt(), "xfs", MS_REMOUNT | flags, "dmapi") ? -errno : 0;
}

FIXTURE_SETUP(life)
{
	long ret = dmapi_get_version();

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/life.%d", dm_mnt(), getpid());
	self->how = variant->how;
	for (unsigned int i = 0; i < W_KINDS; i++)
		self->w[i].kind = &waiter_kinds[i];
	ASSERT_EQ(0, mount_again(0));
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dm_fs_handle(dm_mnt(), &self->fs));
	ASSERT_EQ(0, dmapi_create_session(0, "lifecycle_test", &self->sid));
}

FIXTURE_TEARDOWN(life)
{
	for (unsigned int i = 0; i < W_KINDS; i++)
		if (self->w[i].pid > 0)
			kill(self->w[i].pid, SIGKILL);
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
}

#define FIX struct __test_metadata *_metadata, FIXTURE_DATA(life) *self

#define EACH(_w) \
	for (struct waiter *_w = self->w; _w < self->w + W_KINDS; _w++)

/* Those of them who were started, or made. */
#define EACH_MADE(_w) \
	EACH(_w) \
		if (_w->img)

/* A result of a waiter, with its name if it is another. */
#define EXPECT_RESULT(_result, _w, _ms) \
	EXPECT_EQ(_result, waiter_wait(_w, _ms)) TH_LOG("%s", (_w)->kind->name)

#define EXPECT_ALL(_result, _ms) \
	do { \
		EACH_MADE(_each) { \
			EXPECT_RESULT(_result, _each, _ms); \
		} \
	} while (0)

/* --- The manager -------------------------------------------------------------- */

static inline long want(FIXTURE_DATA(life) *self, __u64 set)
{
	struct dmapi_object o = dm_obj(self->sid, &self->fs);

	return dmapi_set_disp(&o, &set, DMAPI_EVENT_MAX);
}

/* Whose event is this? */
static inline struct waiter *whose(FIXTURE_DATA(life) *self, const struct dm_event *e)
{
	EACH_MADE(w)
		if (!memcmp(w->f.h.b, e->h.b, sizeof(e->h.b)))
			return w;
	return NULL;
}

/* Read an event, if there is one within @ms. */
static inline struct waiter *take(FIX, int ms)
{
	struct waiter *w;
	struct dm_event e;

	if (dm_next(self->sid, &e, ms))
		return NULL;
	w = whose(self, &e);
	ASSERT_NE(NULL, w);
	EXPECT_EQ(w->kind->event, e.type) TH_LOG("%s", w->kind->name);
	w->token = e.token;
	return w;
}

/* Read the events of all who wait. */
static inline void take_all(FIX)
{
	ASSERT_EQ(0, want(self, EVENTS));
	EACH_MADE(w) {
		while (!w->token) {
			ASSERT_NE(NULL, take(_metadata, self, SOON));
		}
	}
}

static inline void answer(FIX, struct waiter *w)
{
	EXPECT_EQ(0, dm_continue(self->sid, w->token)) TH_LOG("%s", w->kind->name);
	w->token = 0;
}

static inline void serve(FIX, struct waiter *w)
{
	EXPECT_EQ(0, waiter_recall(w)) TH_LOG("%s", w->kind->name);
	answer(_metadata, self, w);
}

/* Everybody gets what he wants. */
static inline void serve_all(FIX)
{
	bool left = true;

	ASSERT_EQ(0, want(self, EVENTS));
	EACH_MADE(w)
		if (w->token)
			serve(_metadata, self, w);
	for (int ms = 0; left && ms < SOON; ms += 10) {
		struct waiter *w = take(_metadata, self, 10);

		if (w)
			serve(_metadata, self, w);
		left = false;
		EACH_MADE(other)
			left |= waiter_wait(other, 0) == DM_RUNNING;
	}
	EXPECT_ALL(0, 0);
}

/*
 * Those who waited are gone without an answer: what was read can still be
 * answered, once, and what was not is not there any more.
 */
static inline void settle(FIX)
{
	struct dm_event e;

	EACH_MADE(w) {
		if (!w->token)
			continue;
		EXPECT_EQ(0, dm_continue(self->sid, w->token)) TH_LOG("%s", w->kind->name);
		EXPECT_EQ(-ESRCH, dm_continue(self->sid, w->token)) TH_LOG("%s", w->kind->name);
		w->token = 0;
	}
	EXPECT_EQ(-EAGAIN, dm_next(self->sid, &e, 0));
}

/* --- How it begins, and what must be there in the end --------------------------- */

static inline long sysfs_number(const char *name)
{
	char buf[32];

	return dm_sysfs_get(name, buf, sizeof(buf)) ? -1 : atol(buf);
}

static inline bool sysfs_reaches(const char *name, long n)
{
	for (int ms = 0; ms < SOON; ms += 2) {
		if (sysfs_number(name) == n)
			return true;
		dm_sleep_ms(2);
	}
	return false;
}

static inline void make(FIX, struct waiter *w)
{
	ASSERT_EQ(0, waiter_make(w, self->sid, self->dir)) TH_LOG("%s", w->kind->name);
}

/* Start all who were made, and see them wait. */
static inline void start(FIX, int sa_flags)
{
	long before = sysfs_number("events"), n = 0;

	ASSERT_EQ(0, want(self, self->how == NOBODY ? 0 : EVENTS));
	EACH_MADE(w) {
		waiter_start(w, self->dir, sa_flags);
		ASSERT_LT(0, w->pid);
		n++;
	}
	ASSERT_TRUE(sysfs_reaches("waiters", n)) {
		EACH_MADE(w)
			TH_LOG("%s: %ld", w->kind->name, waiter_wait(w, 0));
	}
	if (self->how != NOBODY) {
		ASSERT_TRUE(sysfs_reaches("events", before + n));
	}
	if (self->how != DELIVERED)
		return;
	while (n--)
		ASSERT_NE(NULL, take(_metadata, self, SOON));
}

static inline void all_wait(FIX)
{
	EACH(w)
		make(_metadata, self, w);
	start(_metadata, self, 0);
}

/* One alone. */
static inline void one_waits(FIX, struct waiter *w)
{
	make(_metadata, self, w);
	start(_metadata, self, 0);
}

/* Its files are what they must be.  Then it is as if it had never been. */
static inline void verify(struct __test_metadata *_metadata, struct waiter *w, bool done)
{
	const char *why;

	EXPECT_EQ(0, dm_disarm(&w->f.o)) TH_LOG("%s", w->kind->name);
	why = waiter_verify(w, done);
	EXPECT_EQ(NULL, why) TH_LOG("%s: %s", w->kind->name, why);
	unlink(w->f.path);
	if (w->other[0])
		unlink(w->other);
	free(w->img);
	w->img = NULL;
}

static inline void all_done(FIX)
{
	EACH_MADE(w)
		verify(_metadata, w, true);
}

/* The same for one who got an error: its bytes are away as before. */
static inline void unharmed(struct __test_metadata *_metadata, struct waiter *w)
{
	const char *why = waiter_verify_offline(w);

	EXPECT_EQ(NULL, why) TH_LOG("%s: %s", w->kind->name, why);
	EXPECT_EQ(0, waiter_recall(w)) TH_LOG("%s", w->kind->name);
	verify(_metadata, w, false);
}

static inline void all_unharmed(FIX)
{
	ASSERT_EQ(0, want(self, 0));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "fail"));
	EACH_MADE(w)
		unharmed(_metadata, w);
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "block"));
}

#endif /* DMAPI_TEST_WAITERS_FIXTURE_H */
