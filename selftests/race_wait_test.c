// SPDX-License-Identifier: GPL-2.0
/*
 * Races of those who wait
 *
 * Many want the same bytes at once; readers are killed while their event is
 * queued, read, or answered; managers die and others take their session over,
 * or it is destroyed and there is a new one; the file system is frozen in
 * between.  Everybody who lives is served, and in the end no message is left.
 */
#define RACES	9
#include "race_run.h"
#include "race_write.h"

#include <linux/fs.h>

#define RANGE	(2 * DM_GRANULE)	/* what all of them want */
#define MANY	8

/* --- The same bytes at once ------------------------------------------------------ */

/**
 * struct rounds - readers who begin together
 * @round: which one is on
 * @done: how many are done with it
 */
struct rounds {
	unsigned int	round;
	unsigned int	done;
};

static struct rounds *rounds;

static long round_reader(void *arg)
{
	struct race_role *me = race_begin(arg);
	unsigned int seen = 0;

	while (race_on(me)) {
		if (race_get(rounds->round) == seen) {
			dm_sleep_ms(1);
			continue;
		}
		seen++;
		race_look(me->r, me->f, me->kind, 0, RANGE);
		race_inc(rounds->done);
	}
	return 0;
}

/* Events of a round, told apart by what the manager does with them. */
enum manner {
	ALL_FIRST,		/* nothing until all have asked */
	AT_ONCE,		/* recall for the first, answer as they come */
	IN_PIECES,		/* likewise, cell by cell */
	AWAY_AGAIN,		/* likewise, and punch it again before the answer */
	MANNERS,
};

static void recall_range(RACE_SELF, struct race_file *f, int manner)
{
	unsigned int step = manner == IN_PIECES ? 1 : RANGE / RACE_CELL;

	for (unsigned int c = 0; c < RANGE / RACE_CELL; c += step)
		ASSERT_EQ(0, race_recall(self->r, f, c, c + step, true));
}

static void at_once(RACE_SELF, unsigned int n)
{
	static const int ways[] = {
		RACE_BUFFERED, RACE_DIRECT, RACE_MAPPED, RACE_AIO,
	};
	double end = loop_now() + race_seconds();
	struct race_file *f = file(RACE_ME, "f", 1, 1);
	struct race *r = self->r;
	unsigned int most = 0;

	rounds = mmap(NULL, sizeof(*rounds), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)rounds);
	for (unsigned int i = 0; i < n; i++)
		start(RACE_ME, round_reader, f, ways[i % 4]);
	for (int i = 0; loop_now() < end || i < 2 * MANNERS; i++) {
		int manner = i % MANNERS;
		unsigned int events = 0, may = manner == AWAY_AGAIN ? 2 * n : n;
		double patience = loop_now() + RACE_PATIENCE / 1000;
		struct dm_event e;
		__s32 token[MANY];
		bool again = false;

		for (unsigned int g = 0; g < RANGE / DM_GRANULE; g++)
			while (race_punch(r, f, g))
				;
		race_set(rounds->done, 0);
		race_inc(rounds->round);
		while (race_get(rounds->done) < n && !race_get(r->bad)) {
			ASSERT_GT(patience, loop_now()) {
				TH_LOG("round %d: %u events, %u of %u served", i,
				       events, rounds->done, n);
			}
			if (dm_next(r->sid, &e, 10))
				continue;
			EXPECT_EQ(DMAPI_EVENT_READ, e.type);
			events++;
			race_inc(r->events);
			ASSERT_GE(may, events);
			if (manner == ALL_FIRST) {
				token[events - 1] = e.token;
				if (events < n)
					continue;
				recall_range(RACE_ME, f, manner);
				while (events > 0)
					race_answer(r, token[--events], 0);
				events = n;
				continue;
			}
			recall_range(RACE_ME, f, manner);
			if (manner == AWAY_AGAIN && !again)
				again = !race_punch(r, f, 0);
			race_answer(r, e.token, 0);
		}
		ASSERT_EQ(0, r->bad);
		ASSERT_LE(1, events);
		if (manner == ALL_FIRST)
			ASSERT_EQ(n, events);
		if (again)
			ASSERT_LE(2, events);
		ASSERT_EQ(-EAGAIN, dm_next(r->sid, &e, 0));
		if (events > most)
			most = events;
	}
	TH_LOG("%u rounds, at most %u events in one", rounds->round, most);
	report(RACE_ME);
	finish(RACE_ME, 0);
}

RACE_TEST(two_at_once) { at_once(RACE_ME, 2); }
RACE_TEST(eight_at_once) { at_once(RACE_ME, MANY); }

/* --- Killed readers ----------------------------------------------------------------- */

static long one_reader(void *arg)
{
	struct race_role *me = race_begin(arg);

	race_mortal = true;
	race_look(me->r, me->f, me->kind, race_below(DM_GRANULE - 1000), 1000);
	return 0;
}

static unsigned int tokens(RACE_SELF)
{
	__s32 token[MANY];
	__u32 n = 99;

	EXPECT_EQ(0, dmapi_getall_tokens(self->r->sid, MANY, token, &n));
	return n;
}

/* Until as many wait as there should be. */
static void until_waiters(struct __test_metadata *_metadata, int n)
{
	double patience = loop_now() + RACE_PATIENCE / 1000;
	char buf[4096];

	while (race_waiters(buf, sizeof(buf)) != n) {
		ASSERT_GT(patience, loop_now()) {
			TH_LOG("%d should wait: %s", n, buf);
		}
		dm_sleep_ms(1);
	}
}

/* One reader, killed at one of three moments; what the manager sees. */
RACE_TEST(killed_one)
{
	double end = loop_now() + race_seconds();
	struct race_file *f = file(RACE_ME, "f", 1, 1);
	struct race *r = self->r;
	unsigned int how[4] = { };

	for (int i = 0; loop_now() < end || i < 16; i++) {
		struct race_role role = { r, f, i, race_below(3) };
		struct dm_event e;
		long ret;
		pid_t pid;

		ASSERT_EQ(0, race_punch(r, f, 0));
		pid = dm_spawn(one_reader, &role);
		until_waiters(_metadata, 1);
		switch (i % 4) {
		case 0:		/* nobody has read it: it disappears */
			kill(pid, SIGKILL);
			EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, RACE_PATIENCE));
			EXPECT_EQ(-EAGAIN, dm_next(r->sid, &e, 0));
			break;
		case 1:		/* somebody has: it is his to answer */
			ASSERT_EQ(0, dm_next(r->sid, &e, RACE_PATIENCE));
			kill(pid, SIGKILL);
			EXPECT_EQ(DM_SIGNALLED, dm_wait(pid, RACE_PATIENCE));
			EXPECT_EQ(1, tokens(RACE_ME));
			EXPECT_EQ(0, race_recall(r, f, 0, RACE_PER, true));
			EXPECT_EQ(0, dm_continue(r->sid, e.token));
			EXPECT_EQ(-ESRCH, dm_continue(r->sid, e.token));
			break;
		default:	/* at the same time as the answer */
			ASSERT_EQ(0, dm_next(r->sid, &e, RACE_PATIENCE));
			EXPECT_EQ(0, race_recall(r, f, 0, RACE_PER, true));
			if (i % 4 == 2)
				kill(pid, SIGKILL);
			EXPECT_EQ(0, dm_continue(r->sid, e.token));
			dm_sleep_ms(race_below(3));
			if (i % 4 == 3)
				kill(pid, SIGKILL);
			ret = dm_wait(pid, RACE_PATIENCE);
			EXPECT_TRUE(ret == DM_SIGNALLED || ret == 0);
			if (!ret)
				how[3]++;
		}
		how[i % 4 < 2 ? i % 4 : 2]++;
		EXPECT_EQ(0, tokens(RACE_ME));
		until_waiters(_metadata, 0);
		race_inc(r->events);
	}
	TH_LOG("killed while queued %u, while delivered %u, at the answer %u (of whom %u got it)",
	       how[0], how[1], how[2], how[3]);
	finish(RACE_ME, 0);
}

/* Readers who die at any moment, amid others who do not. */
static long killer(void *arg)
{
	struct race_role *me = race_begin(arg);
	struct race_role victim = *me;

	race_mortal = true;
	while (race_on(me)) {
		pid_t pid[3];

		for (int i = 0; i < 3; i++) {
			victim.id = race_below(1000000);
			victim.kind = RACE_WAYS;
			pid[i] = dm_spawn(race_reader, &victim);
		}
		for (int i = 0; i < 3; i++) {
			long ret;

			dm_sleep_ms(race_below(12));
			kill(pid[i], SIGKILL);
			ret = dm_wait(pid[i], RACE_PATIENCE);
			if (ret == DM_RUNNING)
				race_bad(me->r, "a reader outlives SIGKILL");
			race_inc(me->r->changes);
		}
	}
	return 0;
}

RACE_TEST(killed_many)
{
	struct race_file *f = file(RACE_ME, "f", 1, 1);

	start(RACE_ME, race_manager, f, 0);
	start(RACE_ME, race_manager, f, 0);
	start(RACE_ME, race_puncher, f, 3);
	start(RACE_ME, race_reader, f, RACE_BUFFERED);
	start(RACE_ME, killer, f, 0);
	start(RACE_ME, killer, f, 0);
	self->r->wanted = 3;
	go(RACE_ME);
	finish(RACE_ME, 2);
}

/* --- Sessions ---------------------------------------------------------------------- */

/* Sleeps in the kernel, where the end of the id that he has wakes him. */
static long waiting_manager(void *arg)
{
	struct race_role *me = race_begin(arg);
	struct race *r = me->r;
	struct dm_event e;
	char buf[256];
	__u64 len;

	while (!race_get(r->end)) {
		__s32 sid = race_get(r->sid);
		long ret = dmapi_get_events(sid, 1, DMAPI_EV_WAIT, sizeof(buf), buf,
					    &len);

		if (!ret) {
			dm_unpack(buf, &e);
			race_handle(r, &e);
		} else if (ret == -EINVAL) {
			race_inc(r->odd);
			dm_sleep_ms(1);
		} else {
			race_bad(r, "get_events: %s", strerror(-ret));
			break;
		}
	}
	return 0;
}

/* Goes on a little longer than those who sleep. */
static long assumer(void *arg)
{
	struct race_role *me = race_begin(arg);
	struct race *r = me->r;
	unsigned int more = 100;

	while (!race_get(r->end) || more--) {
		__s32 sid;
		long ret = dmapi_create_session(r->sid, "race", &sid);

		if (ret) {
			race_bad(r, "assume: %s", strerror(-ret));
			break;
		}
		race_set(r->sid, sid);
		race_inc(r->changes);
		dm_sleep_ms(race_below(10));
	}
	return 0;
}

/* Managers go on under the new name, with the tokens that they have. */
RACE_TEST(assumed)
{
	struct race_file *f = file(RACE_ME, "f", 1, 1);

	self->r->renamed = true;
	start(RACE_ME, race_manager, f, 0);
	start(RACE_ME, waiting_manager, f, 0);
	start(RACE_ME, assumer, f, 0);
	start(RACE_ME, race_puncher, f, 3);
	start(RACE_ME, race_reader, f, RACE_WAYS);
	start(RACE_ME, race_reader, f, RACE_DIRECT);
	start(RACE_ME, race_reader, f, RACE_BUFFERED);
	self->r->wanted = 3;
	go(RACE_ME);
	EXPECT_LE(1, self->r->odd);
	finish(RACE_ME, 3);
}

/* Begins with what his predecessor had in hand. */
static long heir(void *arg)
{
	struct race_role *me = race_begin(arg);
	struct race *r = me->r;
	__s32 token[64];
	struct dm_event e;
	char buf[256];
	__u32 n = 0;
	__u64 len;
	long ret;

	ret = dmapi_getall_tokens(r->sid, 64, token, &n);
	for (__u32 i = 0; !ret && i < n; i++) {
		ret = dmapi_find_eventmsg(r->sid, token[i], sizeof(buf), buf, &len);
		if (ret)
			break;
		dm_unpack(buf, &e);
		race_handle(r, &e);
		race_inc(r->odd);
	}
	if (ret)
		race_bad(r, "tokens of the dead: %s", strerror(-ret));
	return race_manager(arg);
}

/* Kills the manager, and lets another one assume the session. */
static long dynasty(void *arg)
{
	struct race_role *me = race_begin(arg);
	struct race_role next = *me;
	struct race *r = me->r;
	pid_t pid = 0;

	while (!race_get(r->end)) {
		__s32 sid;
		long ret;

		if (pid) {
			kill(pid, SIGKILL);
			if (dm_wait(pid, RACE_PATIENCE) == DM_RUNNING)
				race_bad(r, "a manager outlives SIGKILL");
			ret = dmapi_create_session(r->sid, "race", &sid);
			if (ret)
				race_bad(r, "assume: %s", strerror(-ret));
			else
				race_set(r->sid, sid);
			race_inc(r->changes);
		}
		next.id = race_below(1000000);
		pid = dm_spawn(heir, &next);
		for (unsigned int ms = race_below(60); ms && !race_get(r->end); ms--)
			dm_sleep_ms(1);
		/* When nobody is in a hurry, let him finish. */
		while (race_get(r->stop) && !race_get(r->end))
			dm_sleep_ms(5);
	}
	return dm_wait(pid, RACE_PATIENCE);
}

RACE_TEST(heirs)
{
	struct race_file *f = file(RACE_ME, "f", 1, 1);

	self->r->renamed = true;
	start(RACE_ME, dynasty, f, 0);
	start(RACE_ME, race_puncher, f, 4);
	start(RACE_ME, race_reader, f, RACE_WAYS);
	start(RACE_ME, race_reader, f, RACE_DIRECT);
	start(RACE_ME, race_reader, f, RACE_BUFFERED);
	start(RACE_ME, race_reader, f, RACE_BUFFERED);
	self->r->wanted = 3;
	go(RACE_ME);
	finish(RACE_ME, 1);
}

/* Whenever nothing is in it, the session goes, and there is another one. */
static long destroyer(void *arg)
{
	struct race_role *me = race_begin(arg);
	struct race *r = me->r;

	while (race_on(me)) {
		long ret = dmapi_destroy_session(r->sid);
		__s32 sid;

		if (ret == -EBUSY) {
			race_inc(r->odd);
			dm_sleep_ms(race_below(2));
			continue;
		}
		/* Now they wait for a session, or meet a dead one. */
		dm_sleep_ms(race_below(8));
		if (!ret)
			ret = dmapi_create_session(0, "race", &sid);
		if (!ret)
			ret = dm_want(sid, DM_BIT(READ) | DM_BIT(WRITE) | DM_BIT(TRUNCATE));
		if (ret) {
			race_bad(r, "destroy and create: %s", strerror(-ret));
			break;
		}
		race_set(r->sid, sid);
		race_inc(r->changes);
		dm_sleep_ms(race_below(8));
	}
	return 0;
}

RACE_TEST(destroyed)
{
	struct race_file *f = file(RACE_ME, "f", 1, 1);

	self->r->renamed = true;
	start(RACE_ME, race_manager, f, 0);
	start(RACE_ME, race_manager, f, 0);
	start(RACE_ME, race_puncher, f, 8);
	start(RACE_ME, race_reader, f, RACE_WAYS);
	start(RACE_ME, race_reader, f, RACE_BUFFERED);
	start(RACE_ME, destroyer, f, 0);
	self->r->wanted = 1;
	go(RACE_ME);
	finish(RACE_ME, 2);
}

/* --- Freezing ------------------------------------------------------------------------ */

static long freezer(void *arg)
{
	struct race_role *me = race_begin(arg);
	int fd = open(dm_mnt(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (race_on(me)) {
		if (ioctl(fd, FIFREEZE, 0)) {
			race_bad(me->r, "freeze: %s", strerror(errno));
			break;
		}
		dm_sleep_ms(race_below(15));
		if (ioctl(fd, FITHAW, 0)) {
			race_bad(me->r, "thaw: %s", strerror(errno));
			break;
		}
		race_inc(me->r->odd);
		dm_sleep_ms(race_below(15));
	}
	close(fd);
	return 0;
}

static void frozen(RACE_SELF, int reading, int writing)
{
	struct race_file *f = file(RACE_ME, "f", 1, 1);

	self->r->flags = DMAPI_REGION_WRITE;
	start(RACE_ME, race_manager, f, 0);
	start(RACE_ME, race_manager, f, 0);
	start(RACE_ME, race_puncher, f, 5);
	start(RACE_ME, race_reader, f, reading);
	start(RACE_ME, race_reader, f, RACE_WAYS);
	start(RACE_ME, race_writer, f, writing);
	start(RACE_ME, race_writer, f, RACE_WRITINGS);
	start(RACE_ME, freezer, f, 0);
	self->r->wanted = 8;
	go(RACE_ME);
	EXPECT_LE(3, self->r->odd);
	finish(RACE_ME, 2);
}

RACE_TEST(freeze)
{
	frozen(RACE_ME, RACE_BUFFERED, RACE_WRITE);
}

/* Faults of readers and writers hold the level at which the manager works. */
RACE_TEST(freeze_mapped)
{
	frozen(RACE_ME, RACE_MAPPED, RACE_WRITE_MAPPED);
}

TEST_HARNESS_MAIN
