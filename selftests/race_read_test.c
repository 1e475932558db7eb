// SPDX-License-Identifier: GPL-2.0
/*
 * Punches and changes of regions against everybody who reads
 *
 * Two managers bring back what readers ask for, in pieces or more than was asked
 * for, and two others take it away again all the time, each time under other
 * regions.  Whoever reads, by whatever way, waits and sees the right bytes.
 */
#define RACES	9
#include "race_run.h"

static void punch_against(RACE_SELF, int a, int b, int rest)
{
	struct race_file *f = file(RACE_ME, "f", 1, 1);

	f->stays_armed = a == RACE_MAPPED;
	start(RACE_ME, race_manager, f, 0);
	start(RACE_ME, race_manager, f, 0);
	start(RACE_ME, race_puncher, f, rest);
	start(RACE_ME, race_puncher, f, rest);
	start(RACE_ME, race_reader, f, a);
	start(RACE_ME, race_reader, f, a);
	start(RACE_ME, race_reader, f, b);
	go(RACE_ME);
	finish(RACE_ME, 2);
}

RACE_TEST(punch_read)
{
	punch_against(RACE_ME, RACE_BUFFERED, RACE_BUFFERED, 4);
}

RACE_TEST(punch_direct)
{
	punch_against(RACE_ME, RACE_DIRECT, RACE_BUFFERED, 4);
}

/* The regions stay: what is mapped cannot be armed. */
RACE_TEST(punch_mapping)
{
	punch_against(RACE_ME, RACE_MAPPED, RACE_BUFFERED, 2);
	EXPECT_LT(0, self->r->refused);
}

RACE_TEST(punch_readahead)
{
	punch_against(RACE_ME, RACE_ADVISED, RACE_NOWAIT, 4);
}

RACE_TEST(punch_splice)
{
	punch_against(RACE_ME, RACE_SPLICED, RACE_SENT, 4);
}

/*
 * While one maps a range for long, it is punched never, and all around it at
 * once.
 */
static long stay_mapped(void *arg)
{
	struct race_role *me = race_begin(arg);
	struct race_file *f = me->f;

	while (race_on(me)) {
		unsigned int g = race_below(RACE_GRANULES - 1);
		int fd = open(f->f.path, O_RDONLY | O_CLOEXEC);
		unsigned char *buf = malloc(DM_GRANULE), *p;
		struct race_view v;

		race_view(f, &v);
		p = mmap(NULL, DM_GRANULE, PROT_READ, MAP_SHARED, fd, g * DM_GRANULE);
		if (p == MAP_FAILED) {
			race_bad(me->r, "mmap: %s", strerror(errno));
			return 0;
		}
		close(fd);
		race_inc(f->mapped[g]);
		for (int i = 0; i < 5; i++) {
			ssize_t n = touch_copy(buf, p, DM_GRANULE);

			race_judge(me->r, f, &v, buf, g * DM_GRANULE, DM_GRANULE, n,
				   "long mapping");
			madvise(p, DM_GRANULE, MADV_DONTNEED);
			dm_sleep_ms(race_below(4));
		}
		race_dec(f->mapped[g]);
		race_inc(f->unmaps[g]);
		munmap(p, DM_GRANULE);
		free(buf);
	}
	return 0;
}

RACE_TEST(punch_while_mapped)
{
	struct race_file *f = file(RACE_ME, "f", 1, 1);

	f->stays_armed = true;
	start(RACE_ME, race_manager, f, 0);
	start(RACE_ME, race_puncher, f, 1);
	start(RACE_ME, race_puncher, f, 1);
	start(RACE_ME, stay_mapped, f, 0);
	start(RACE_ME, stay_mapped, f, 0);
	start(RACE_ME, race_reader, f, RACE_DIRECT);
	go(RACE_ME);
	EXPECT_LT(0, self->r->refused);
	finish(RACE_ME, 1);
}

/*
 * Takes READ from a part of the file, or all, whose bytes are there, and gives
 * it back.  Nobody else may punch there meanwhile.
 */
static long disarm(void *arg)
{
	struct race_role *me = race_begin(arg);
	struct race_file *f = me->f;

	while (race_on(me)) {
		bool all = !race_below(4);
		unsigned int a = all ? 0 : race_below(RACE_GRANULES);
		unsigned int b = all ? RACE_GRANULES :
				 a + 1 + race_below(RACE_GRANULES - a);
		struct dmapi_region reg[2] = { }, *p = reg;
		unsigned int n = 0;
		__u32 exact;
		long ret = 0;

		if (a)
			reg[n++] = (struct dmapi_region){
				.size = a * DM_GRANULE, .flags = DMAPI_REGION_READ,
			};
		if (b < RACE_GRANULES)
			reg[n++] = (struct dmapi_region){
				.offset = b * DM_GRANULE, .flags = DMAPI_REGION_READ,
			};
		for (unsigned int g = a; g < b; g++) {
			race_lock(f, g);
			ret = ret ? ret : race_recall_cells(me->r, f, race_first(g),
							    race_last(g));
		}
		if (!ret)
			ret = RACE_CALL(me->r, f, o, dmapi_set_region(&o, n, p, &exact));
		if (!ret)
			race_inc(me->r->regions);
		dm_sleep_ms(race_below(3));
		for (unsigned int g = a; g < b; g++)
			race_unlock(f, g);
		if (ret && ret != -EBUSY)
			race_bad(me->r, "set_region of a part: %s", strerror(-ret));
		dm_sleep_ms(race_below(6));
	}
	return 0;
}

RACE_TEST(regions_all_readers)
{
	struct race_file *f = file(RACE_ME, "f", 1, 1);

	start(RACE_ME, race_manager, f, 0);
	start(RACE_ME, race_manager, f, 0);
	start(RACE_ME, race_puncher, f, 4);
	start(RACE_ME, race_puncher, f, 4);
	start(RACE_ME, disarm, f, 0);
	start(RACE_ME, disarm, f, 0);
	start(RACE_ME, race_reader, f, RACE_WAYS);
	start(RACE_ME, race_reader, f, RACE_WAYS);
	start(RACE_ME, race_reader, f, RACE_DIRECT);
	go(RACE_ME);
	finish(RACE_ME, 2);
}

/* The same with regions that want to know of every change and read. */
RACE_TEST(regions_watched)
{
	struct race_file *f = file(RACE_ME, "f", 1, 1);

	self->r->flags = DMAPI_REGION_WRITE | DMAPI_REGION_TRUNCATE;
	start(RACE_ME, race_manager, f, 0);
	start(RACE_ME, race_puncher, f, 2);
	start(RACE_ME, disarm, f, 0);
	start(RACE_ME, race_reader, f, RACE_WAYS);
	start(RACE_ME, race_reader, f, RACE_MAPPED);
	go(RACE_ME);
	finish(RACE_ME, 1);
}

/*
 * Two workers, of whom each brings back every other cell or granule and says
 * so, as does a manager for readers meanwhile.  In the end nothing is armed; if
 * one undid the other's work, something is.
 */
static long bring_half(void *arg)
{
	struct race_role *me = race_begin(arg);
	unsigned int step = race_below(2) ? 1 : RACE_PER;

	for (unsigned int c = 0; c < RACE_CELLS; c += step) {
		unsigned int last = c + step < RACE_CELLS ? c + step : RACE_CELLS;
		long ret;

		if ((c / step) % 2 != (unsigned int)me->kind)
			continue;
		ret = race_recall(me->r, me->f, c, last, true);
		if (ret) {
			race_bad(me->r, "cell %u: %s", c, strerror(-ret));
			return 0;
		}
		race_inc(me->r->events);
	}
	return 0;
}

RACE_TEST(two_recall_one_file)
{
	struct race_file *f = file(RACE_ME, "f", 1, 1);
	struct race *r = self->r;
	double end = loop_now() + race_seconds();

	start(RACE_ME, race_manager, f, 0);
	start(RACE_ME, race_reader, f, RACE_DIRECT);
	start(RACE_ME, race_reader, f, RACE_ADVISED);
	do {
		struct dmapi_region reg[DMAPI_MAX_REGIONS];
		struct race_role role[2];
		pid_t pid[2];
		__u32 n = 99;

		for (unsigned int g = 0; g < RACE_GRANULES; g++)
			while (race_punch(r, f, g) == -EBUSY)
				;
		/* Both have the same steps, and other ones the next time. */
		for (int i = 0; i < 2; i++) {
			role[i] = (struct race_role){ r, f, 1, i };
			pid[i] = dm_spawn(bring_half, &role[i]);
		}
		for (int i = 0; i < 2; i++)
			ASSERT_EQ(0, dm_wait(pid[i], RACE_PATIENCE));
		r->seed++;
		ASSERT_EQ(0, r->bad);
		ASSERT_EQ(0, dmapi_get_region(&f->f.o, DMAPI_MAX_REGIONS, reg, &n));
		/* What is behind the last cell may remain. */
		for (unsigned int i = 0; i < n; i++)
			ASSERT_LE((__s64)RACE_SIZE, reg[i].offset);
		race_look(r, f, RACE_BUFFERED, 0, RACE_SIZE);
		race_look(r, f, RACE_MAPPED, 0, RACE_SIZE);
		race_look(r, f, RACE_DIRECT, 0, RACE_SIZE);
	} while (loop_now() < end || r->reads < 8);
	report(RACE_ME);
	finish(RACE_ME, 1);
}

TEST_HARNESS_MAIN
