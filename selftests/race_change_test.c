// SPDX-License-Identifier: GPL-2.0
/*
 * Punches against everybody who changes data
 *
 * Managers recall and take away again while others write, truncate, preallocate,
 * zero, shift, clone, copy and dedupe.  A change that reports success is there,
 * whatever was punched meanwhile, and it changes no byte that it was not about:
 * a punch that fell into the midst of it, a recall of what was overwritten, or
 * a hole that was taken for data, would show.
 */
#define RACES	11
#include "race_run.h"
#include "race_write.h"

#include <linux/falloc.h>

/* Two managers, two who punch, two who read. */
static void surround(RACE_SELF, struct race_file *f)
{
	start(RACE_ME, race_manager, f, 0);
	start(RACE_ME, race_manager, f, 0);
	start(RACE_ME, race_puncher, f, 6);
	start(RACE_ME, race_puncher, f, 6);
	start(RACE_ME, race_reader, f, RACE_WAYS);
	start(RACE_ME, race_reader, f, RACE_DIRECT);
}

static void ends_well(RACE_SELF)
{
	self->r->wanted = 8;
	go(RACE_ME);
	finish(RACE_ME, 2);
}

/* --- Writes ------------------------------------------------------------------ */

static void punch_against_writes(RACE_SELF, int way)
{
	struct race_file *f = file(RACE_ME, "f", 1, 1);

	/* Watched in part, so that a write may wait for WRITE as well. */
	self->r->flags = DMAPI_REGION_WRITE;
	surround(RACE_ME, f);
	start(RACE_ME, race_writer, f, way);
	start(RACE_ME, race_writer, f, way);
	ends_well(RACE_ME);
}

RACE_TEST(write) { punch_against_writes(RACE_ME, RACE_WRITE); }
RACE_TEST(write_direct) { punch_against_writes(RACE_ME, RACE_WRITE_DIRECT); }
RACE_TEST(write_mapped) { punch_against_writes(RACE_ME, RACE_WRITE_MAPPED); }
RACE_TEST(write_spliced) { punch_against_writes(RACE_ME, RACE_WRITE_SPLICED); }
RACE_TEST(write_aio) { punch_against_writes(RACE_ME, RACE_WRITE_AIO); }

/* --- Size and space ------------------------------------------------------------ */

/*
 * What the manager believes to be away and what is may differ after zeros were
 * made or data moved: one by one, nobody else being at it, bring it all back.
 */
static void settle(struct race *r, struct race_file *f, __u64 off)
{
	unsigned int a = off / RACE_CELL;
	long ret = a < RACE_CELLS ? race_recall(r, f, a, RACE_CELLS, false) : 0;

	if (ret)
		race_bad(r, "recall from %llu: %s", (unsigned long long)off,
			 strerror(-ret));
}

/* Whole cells from the one that holds @off on have data again. */
static void refill(struct race *r, struct race_file *f, __u64 off, __u64 end)
{
	unsigned int a = off / RACE_CELL, b = (end + RACE_CELL - 1) / RACE_CELL;

	if (b > RACE_CELLS)
		b = RACE_CELLS;
	for (unsigned int g = a / RACE_PER; race_first(g) < b; g++)
		race_rewrite(r, f, RACE_WRITE, a > race_first(g) ? a : race_first(g),
			b < race_last(g) ? b : race_last(g));
}

/* A change that has no excuse. */
static bool went(struct race *r, const char *what, __u64 off, __u64 len, long ret)
{
	if (ret)
		race_bad(r, "%s of %llu at %llu: %s", what, (unsigned long long)len,
			 (unsigned long long)off, strerror(-ret));
	else
		race_inc(r->changes);
	return !ret;
}

/* Down to anywhere and up again; every now and then by the name. */
static long truncator(void *arg)
{
	struct race_role *me = race_begin(arg);
	struct race_file *f = me->f;
	int fd = open(f->f.path, O_RDWR | O_CLOEXEC);

	while (race_on(me)) {
		__u64 size = race_below(RACE_SIZE);

		switch (race_below(4)) {
		case 0:
			size = size / DM_GRANULE * DM_GRANULE;
			break;
		case 1:
			size = size / RACE_CELL * RACE_CELL;
			break;
		}
		race_open(f, size, UINT64_MAX);
		went(me->r, "truncate", size, 0, race_below(2) ?
		     neg(truncate(f->f.path, size)) : neg(ftruncate(fd, size)));
		settle(me->r, f, size);
		went(me->r, "extend", size, 0, neg(ftruncate(fd, RACE_SIZE)));
		settle(me->r, f, size);
		refill(me->r, f, size, RACE_SIZE);
		race_close(f);
		dm_sleep_ms(race_below(4));
	}
	close(fd);
	return 0;
}

RACE_TEST(truncate)
{
	struct race_file *f = file(RACE_ME, "f", 1, 1);

	f->moves = true;
	self->r->flags = DMAPI_REGION_TRUNCATE;
	surround(RACE_ME, f);
	start(RACE_ME, truncator, f, 0);
	ends_well(RACE_ME);
}

static long falloc(struct race_file *f, int mode, __u64 off, __u64 len)
{
	int fd = open(f->f.path, O_RDWR | O_CLOEXEC);
	long ret = fd < 0 ? -errno : neg(fallocate(fd, mode, off, len));

	close(fd);
	return ret;
}

/* Nothing may change. */
static const int keeps[] = {
	0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_UNSHARE_RANGE,
};

static const int zeroes[] = {
	FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_ZERO_RANGE,
	FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
};

static long allocator(void *arg)
{
	struct race_role *me = race_begin(arg);
	struct race_file *f = me->f;

	while (race_on(me)) {
		__u64 off = race_below(RACE_SIZE - 1);
		__u64 len = 1 + race_below(race_below(2) ? 2 * DM_GRANULE : 3 * RACE_CELL);
		int mode = race_below(3);

		if (len > RACE_SIZE - off)
			len = RACE_SIZE - off;
		if (race_below(2)) {
			went(me->r, "fallocate", off, len, falloc(f, keeps[mode], off, len));
			continue;
		}
		if (!race_below(3)) {
			off = off / DM_GRANULE * DM_GRANULE;
			len = RACE_SIZE - off < DM_GRANULE ? RACE_SIZE - off : DM_GRANULE;
		}
		race_open(f, off, off + len);
		went(me->r, "zeroing", off, len, falloc(f, zeroes[mode], off, len));
		settle(me->r, f, off);
		refill(me->r, f, off, off + len);
		race_close(f);
		dm_sleep_ms(race_below(4));
	}
	return 0;
}

RACE_TEST(fallocate)
{
	struct race_file *f = file(RACE_ME, "f", 1, 1);

	self->r->flags = DMAPI_REGION_WRITE;
	surround(RACE_ME, f);
	start(RACE_ME, allocator, f, 0);
	ends_well(RACE_ME);
}

/* Out with a piece of the middle, and room for it again. */
static long shifter(void *arg)
{
	struct race_role *me = race_begin(arg);
	struct race_file *f = me->f;
	int fd = open(f->f.path, O_RDWR | O_CLOEXEC);

	while (race_on(me)) {
		unsigned int a = race_below(RACE_CELLS - 2);
		unsigned int n = 1 + race_below(race_below(2) ? RACE_CELLS - 2 - a : 2);
		__u64 off = (__u64)a * RACE_CELL, len = (__u64)n * RACE_CELL;
		long ret;

		race_open(f, off, UINT64_MAX);
		/* Somebody may punch behind it without an end. */
		ret = falloc(f, FALLOC_FL_COLLAPSE_RANGE, off, len);
		if (ret == -EBUSY || ret == -EIO)
			race_inc(me->r->odd);
		else
			went(me->r, "collapse", off, len, ret);
		settle(me->r, f, off);
		if (!ret) {
			ret = falloc(f, FALLOC_FL_INSERT_RANGE, off, len);
			if (ret == -EBUSY || ret == -EIO)
				race_inc(me->r->odd);
			else
				went(me->r, "insert", off, len, ret);
			settle(me->r, f, off);
		}
		went(me->r, "extend", off, 0, neg(ftruncate(fd, RACE_SIZE)));
		settle(me->r, f, off);
		refill(me->r, f, off, RACE_SIZE);
		race_close(f);
		dm_sleep_ms(race_below(8));
	}
	close(fd);
	return 0;
}

RACE_TEST(collapse_insert)
{
	struct race_file *f = file(RACE_ME, "f", 1, 1);

	f->moves = true;
	surround(RACE_ME, f);
	start(RACE_ME, shifter, f, 0);
	ends_well(RACE_ME);
}

/* --- Two files ------------------------------------------------------------------- */

/*
 * A holds generation 1, B 1 or 2, D always 3, E always 1; all are punched.
 * Cloning and copying goes from A to B, at the same place; D is never the same
 * as A, and E always.
 */
enum { A, B, D, E };

/* Between A and B, back at generation 2 now and then. */
static long cloner(void *arg)
{
	struct race_role *me = race_begin(arg);
	struct race *r = me->r;
	int in = open(r->file[A].f.path, O_RDONLY | O_CLOEXEC);
	int out = open(r->file[B].f.path, O_RDWR | O_CLOEXEC);

	while (race_on(me)) {
		unsigned int a = race_below(RACE_CELLS);
		unsigned int n = 1 + race_below(race_below(2) ? RACE_CELLS - a : 4);
		__u64 off = (__u64)a * RACE_CELL, len = (__u64)n * RACE_CELL;
		bool tail = off + len >= RACE_SIZE;
		struct file_clone_range c = {
			.src_fd = in, .src_offset = off, .dest_offset = off,
			.src_length = tail ? 0 : len,
		};

		if (tail)
			len = RACE_SIZE - off;
		if (me->kind && !race_below(8))
			went(r, "clone of all", 0, 0, neg(ioctl(out, FICLONE, in)));
		else
			went(r, "clone", off, len, neg(ioctl(out, FICLONERANGE, &c)));
		race_look(r, &r->file[B], RACE_BUFFERED, off, len);
	}
	close(in);
	close(out);
	return 0;
}

static long copier(void *arg)
{
	struct race_role *me = race_begin(arg);
	struct race *r = me->r;
	int in = open(r->file[A].f.path, O_RDONLY | O_CLOEXEC);
	int out = open(r->file[B].f.path, O_RDWR | O_CLOEXEC);

	while (race_on(me)) {
		loff_t off = race_below(RACE_SIZE), to;
		size_t len = 1 + race_below(3 * RACE_CELL);
		ssize_t n;

		if (race_below(2)) {
			off = off / RACE_CELL * RACE_CELL;
			len = (len + RACE_CELL - 1) / RACE_CELL * RACE_CELL;
		}
		to = off;
		n = neg(copy_file_range(in, &off, out, &to, len, 0));
		went(r, "copy", off, len, n < 0 ? n : n ? 0 : -ENODATA);
	}
	close(in);
	close(out);
	return 0;
}

static long deduper(void *arg)
{
	struct race_role *me = race_begin(arg);
	struct race *r = me->r;
	int in = open(r->file[A].f.path, O_RDONLY | O_CLOEXEC);
	char room[sizeof(struct file_dedupe_range) + sizeof(struct file_dedupe_range_info)];
	struct file_dedupe_range *d = (void *)room;

	while (race_on(me)) {
		int which = race_below(2) ? D : E;
		int out = open(r->file[which].f.path, O_RDWR | O_CLOEXEC);
		unsigned int a = race_below(RACE_CELLS - 1);
		unsigned int n = 1 + race_below(RACE_CELLS - 1 - a) % 24;
		bool same;
		long ret;

		memset(room, 0, sizeof(room));
		d->src_offset = (__u64)a * RACE_CELL;
		d->src_length = (__u64)n * RACE_CELL;
		d->dest_count = 1;
		d->info[0].dest_fd = out;
		d->info[0].dest_offset = d->src_offset;
		ret = neg(ioctl(in, FIDEDUPERANGE, d));
		if (!ret && d->info[0].status < 0)
			ret = d->info[0].status;
		close(out);
		if (!went(r, "dedupe", d->src_offset, d->src_length, ret))
			break;
		same = d->info[0].status == FILE_DEDUPE_RANGE_SAME;
		if (same != (which == E))
			race_bad(r, "dedupe of %llu at %llu: file %d is %s",
				 (unsigned long long)d->src_length,
				 (unsigned long long)d->src_offset, which,
				 same ? "the same" : "different");
	}
	close(in);
	return 0;
}

static void two_files(RACE_SELF, unsigned int n)
{
	static const struct { const char *name; int lo, hi; } is[] = {
		{ "a", 1, 1 }, { "b", 1, 2 }, { "d", 3, 3 }, { "e", 1, 1 },
	};

	for (unsigned int i = 0; i < n; i++)
		file(RACE_ME, is[i].name, is[i].lo, is[i].hi);
	start(RACE_ME, race_manager, NULL, 0);
	start(RACE_ME, race_manager, NULL, 0);
	for (unsigned int i = 0; i < n; i++) {
		start(RACE_ME, race_puncher, &self->r->file[i], 20);
		start(RACE_ME, race_reader, &self->r->file[i], RACE_WAYS);
	}
}

RACE_TEST(reflink)
{
	two_files(RACE_ME, 2);
	start(RACE_ME, cloner, NULL, 1);
	start(RACE_ME, cloner, NULL, 0);
	ends_well(RACE_ME);
}

RACE_TEST(copy_range)
{
	two_files(RACE_ME, 2);
	start(RACE_ME, copier, NULL, 0);
	start(RACE_ME, copier, NULL, 0);
	ends_well(RACE_ME);
}

RACE_TEST(dedupe)
{
	two_files(RACE_ME, 4);
	start(RACE_ME, deduper, NULL, 0);
	start(RACE_ME, deduper, NULL, 0);
	ends_well(RACE_ME);
}

/* No race at all: both are offline when it begins, and a manager is there. */
RACE_TEST(dedupe_waits)
{
	char room[sizeof(struct file_dedupe_range) + sizeof(struct file_dedupe_range_info)] = { };
	struct file_dedupe_range *d = (void *)room;
	struct race *r = self->r;
	int in;

	for (unsigned int i = 0; i < 2; i++) {
		struct race_file *f = file(RACE_ME, i ? "b" : "a", 1, 1);

		for (unsigned int g = 0; g < RACE_GRANULES; g++)
			ASSERT_EQ(0, race_punch(r, f, g));
	}
	start(RACE_ME, race_manager, NULL, 0);
	d->src_length = 2 * DM_GRANULE;
	d->dest_count = 1;
	in = open(r->file[A].f.path, O_RDONLY);
	d->info[0].dest_fd = open(r->file[B].f.path, O_RDWR);
	EXPECT_EQ(0, ioctl(in, FIDEDUPERANGE, d));
	EXPECT_EQ(FILE_DEDUPE_RANGE_SAME, d->info[0].status);
	EXPECT_EQ(2 * DM_GRANULE, d->info[0].bytes_deduped);
	close(d->info[0].dest_fd);
	close(in);
	/* The manager counts after it has answered. */
	for (int i = 0; i < 500 && race_get(r->events) < 2; i++)
		dm_sleep_ms(10);
	EXPECT_LE(2, race_get(r->events));
	finish(RACE_ME, 1);
}

/*
 * No race either: a span that a truncation left behind the end of the file is no
 * reason for a read across the end to fail.  READ is armed, so the manager is
 * asked, and says that all is here, which is true.
 */
struct over_end {
	const char *path;
	size_t size;
	int flags;
};

static long over_end(void *arg)
{
	struct over_end *o = arg;
	unsigned char *buf = poisoned(4 * DM_GRANULE);
	int fd = open(o->path, O_RDONLY | o->flags);
	ssize_t n = neg(pread(fd, buf, 4 * DM_GRANULE, 0));

	if (n != (ssize_t)o->size)
		return n < 0 ? n : -ENODATA;
	return dm_differs(buf, 0, o->size, 1) < 0 ? 0 : -EILSEQ;
}

static void read_over_the_end(RACE_SELF, size_t size, int flags)
{
	struct race_file *f = file(RACE_ME, "f", 1, 1);
	struct over_end o = { f->f.path, size, flags };
	struct dm_event e;
	long ret;
	pid_t pid;

	f->moves = true;
	for (unsigned int g = 0; g < RACE_GRANULES; g++)
		ASSERT_EQ(0, race_punch(self->r, f, g));
	ASSERT_EQ(0, race_recall(self->r, f, 0, RACE_PER, false));
	ASSERT_EQ(0, truncate(f->f.path, size));
	race_open(f, size, UINT64_MAX);
	pid = dm_spawn(over_end, &o);
	while ((ret = dm_wait(pid, 0)) == DM_RUNNING)
		if (!dm_next(self->r->sid, &e, 10))
			dm_continue(self->r->sid, e.token);
	EXPECT_EQ(0, ret);
	finish(RACE_ME, 0);
}

RACE_TEST(read_over_end)
{
	read_over_the_end(RACE_ME, DM_GRANULE, 0);
}

RACE_TEST(read_over_end_direct)
{
	read_over_the_end(RACE_ME, DM_GRANULE, O_DIRECT);
}

/* The end is inside a page, of which other blocks are gone. */
RACE_TEST(read_over_end_in_page)
{
	read_over_the_end(RACE_ME, DM_GRANULE - 3000, O_DIRECT);
}

TEST_HARNESS_MAIN
