/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a race is run: its fixture, its beginning and its end
 *
 * A program of races includes this once and says before how many of its tests
 * take their time, RACES: they share LOOP_SECONDS.  At the end of each, every byte is
 * looked at by two ways, no operation waits and no token is left, the file
 * system can be unmounted, xfs_repair has no complaint, and after a remount
 * every byte is looked at again.
 *
 *	LOOP_SECONDS	how long, all of them together (60)
 *	LOOP_SEED	of the choices made here
 *	LOOP_SABOTAGE	zero: data is punched where READ is not armed; the readers
 *			must find it
 */
#ifndef DMAPI_TEST_RACE_RUN_H
#define DMAPI_TEST_RACE_RUN_H

#include "race_look.h"

#define RACE_TIMEOUT	400		/* s; the harness' idea of a hang */
#define RACE_SELF	struct __test_metadata *_metadata, FIXTURE_DATA(race) *self
#define RACE_TEST(name)	TEST_F_TIMEOUT(race, name, RACE_TIMEOUT)
#define RACE_ME		_metadata, self

FIXTURE(race)
{
	char dir[256];
	struct race *r;
	struct race_role role[RACE_ACTORS];
	pid_t pid[RACE_ACTORS];
	unsigned int nactors;
};

FIXTURE_SETUP(race)
{
	const char *s = getenv("LOOP_SEED");
	struct race *r;

	if (dmapi_get_version() < 0)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/race.%d", dm_mnt(), getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dm_sysfs_set("data_policy", "block"));
	r = mmap(NULL, sizeof(*r), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)r);
	self->r = r;
	r->seed = s ? strtoull(s, NULL, 0) : (__u64)time(NULL);
	s = getenv("LOOP_SABOTAGE");
	r->sabotage = s && !strcmp(s, "zero");
	race_chance = r->seed;
	ASSERT_EQ(0, dmapi_create_session(0, "race", &r->sid));
	ASSERT_EQ(0, dm_want(r->sid, DM_BIT(READ) | DM_BIT(WRITE) | DM_BIT(TRUNCATE)));
}

FIXTURE_TEARDOWN(race)
{
	dm_rm_rf(self->dir);
}

/* How long each race is. */
static inline double race_seconds(void)
{
	const char *s = getenv("LOOP_SECONDS");

	return (s ? atof(s) : 60) / RACES;
}

static inline void start(RACE_SELF, long (*fn)(void *), struct race_file *f, int kind)
{
	unsigned int n = self->nactors++;

	ASSERT_GT(RACE_ACTORS, n);
	self->role[n] = (struct race_role){ self->r, f, n + 1, kind };
	self->pid[n] = dm_spawn(fn, &self->role[n]);
	ASSERT_LT(0, self->pid[n]);
}

/* A file of generation @lo; up to @hi may come. */
static inline struct race_file *file(RACE_SELF, const char *name, unsigned int lo,
				     unsigned int hi)
{
	struct race_file *f = &self->r->file[self->r->nfiles];
	long ret = race_file(self->r, self->dir, name, lo, hi);

	EXPECT_EQ(0, ret);
	return f;
}

/* Was there something to see? */
static inline void report(RACE_SELF)
{
	struct race *r = self->r;

	TH_LOG("LOOP_SEED=%llu: %u reads, %u changes, %u events, %u punches, %u refused, %u layouts, %u odd",
	       (unsigned long long)r->seed, r->reads, r->changes, r->events,
	       r->punches, r->refused, r->regions, r->odd);
	EXPECT_LE(8, r->punches);
	EXPECT_LE(8, r->events);
	EXPECT_LE(8, r->reads);
	EXPECT_LE(r->wanted, r->changes);
}

/* Let it go on for a while, and until there was something to see. */
static inline void go(RACE_SELF)
{
	double begin = loop_now(), now;
	struct race *r = self->r;

	do {
		dm_sleep_ms(10);
		now = loop_now() - begin;
	} while (!race_get(r->stop) &&
		 (now < race_seconds() ||
		  ((race_get(r->punches) < 8 || race_get(r->events) < 8 ||
		    race_get(r->reads) < 8 ||
		    race_get(r->changes) < r->wanted) && now < 60)));
	race_set(r->stop, true);
	report(RACE_ME);
}

static inline void race_wait(RACE_SELF, unsigned int from, unsigned int to)
{
	static char buf[8192];

	for (unsigned int i = from; i < to; i++) {
		long ret = dm_wait(self->pid[i], RACE_PATIENCE);

		EXPECT_EQ(0, ret) {
			race_waiters(buf, sizeof(buf));
			TH_LOG("actor %u hangs or fell (%ld); waiters:\n%s", i + 1,
			       ret, buf);
		}
	}
}

/*
 * All come to an end and there is nothing left.  The first @managers actors
 * are needed until the others are done.
 */
static inline void finish(RACE_SELF, unsigned int managers)
{
	struct race *r = self->r;
	static char buf[8192];
	__s32 tokens[8];
	__u32 n = 99;

	race_set(r->stop, true);
	race_wait(RACE_ME, managers, self->nactors);
	for (unsigned int i = 0; i < r->nfiles; i++) {
		struct race_file *f = &r->file[i];

		EXPECT_EQ(0, race_recall(r, f, 0, RACE_CELLS, true));
		race_look(r, f, RACE_BUFFERED, 0, RACE_SIZE);
		race_look(r, f, RACE_DIRECT, 0, RACE_SIZE);
	}
	race_set(r->end, true);
	race_wait(RACE_ME, 0, managers);
	EXPECT_EQ(0, r->bad) {
		TH_LOG("%s", r->why);
	}
	EXPECT_EQ(0, race_waiters(buf, sizeof(buf))) {
		TH_LOG("%s", buf);
	}
	EXPECT_EQ(0, dmapi_getall_tokens(r->sid, 8, tokens, &n));
	EXPECT_EQ(0, n);
	EXPECT_EQ(0, dmapi_destroy_session(r->sid));
	EXPECT_EQ(0, race_unmounted());
	if (r->bad)
		return;
	for (unsigned int i = 0; i < r->nfiles; i++)
		race_look(r, &r->file[i], RACE_BUFFERED, 0, RACE_SIZE);
	EXPECT_EQ(0, r->bad) {
		TH_LOG("after a remount: %s", r->why);
	}
}

#endif /* DMAPI_TEST_RACE_RUN_H */
