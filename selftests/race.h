/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Races: actors on the same files, and bytes that tell when they were written
 *
 * Each actor is a process of its own; what they know of each other is in shared
 * memory.  A file is made of cells of 4 KiB.  A cell has a generation, and its
 * bytes are a function of their offset and the generation, never zero.  Who
 * writes a cell announces the new generation before (hi) and says that it is
 * there after (lo), so a reader who looked at lo before and at hi afterwards
 * knows what he may have seen, without any lock that would keep the race away.
 *
 * A change that leaves zeros or moves data says first where: a window.  A reader
 * does not judge the bytes of windows that were open meanwhile, and all others
 * to the byte.
 *
 * The manager's archive is the generation table.  Which cells he punched he
 * knows, too (away), and a lock for each granule keeps his own processes from
 * undoing each other's work, as any archive program would.  Nobody else takes
 * these locks, so they keep no race away that the kernel has to win.
 */
#ifndef DMAPI_TEST_RACE_H
#define DMAPI_TEST_RACE_H

#include "common.h"
#include "loop_dm.h"
#include "offline.h"

#define RACE_CELL	4096U
#define RACE_SIZE	(8 * DM_GRANULE + 5000)
#define RACE_GRANULES	9U
#define RACE_CELLS	((unsigned int)((RACE_SIZE + RACE_CELL - 1) / RACE_CELL))
#define RACE_PER	((unsigned int)(DM_GRANULE / RACE_CELL))
#define RACE_FILES	4
#define RACE_ACTORS	20
#define RACE_WINDOWS	64U
#define RACE_PATIENCE	90000		/* ms until somebody hangs */

/* Where zeros or other data may be, for a while. */
struct race_window {
	__u64		off;
	__u64		end;
};

/**
 * struct race_file - a file that is raced for
 * @f: its name and handle
 * @lock: the manager's, of each granule
 * @away: cells that he punched and did not bring back; under @lock
 * @lo: generation that a cell has at least
 * @hi: ... and at most
 * @busy: somebody writes the granule; each granule has one writer at a time
 * @mapped: how many map the granule
 * @unmaps: how often somebody ceased to
 * @seq: odd while a window is open
 * @window: the last ones
 * @stays_armed: READ is armed once, and never disarmed
 * @moves: its size changes
 */
struct race_file {
	struct dm_file	f;
	pthread_mutex_t	lock[RACE_GRANULES];
	unsigned char	away[RACE_CELLS];
	unsigned int	lo[RACE_CELLS];
	unsigned int	hi[RACE_CELLS];
	unsigned int	busy[RACE_GRANULES];
	unsigned int	mapped[RACE_GRANULES];
	unsigned int	unmaps[RACE_GRANULES];
	unsigned int	seq;
	struct race_window window[RACE_WINDOWS];
	bool		stays_armed;
	bool		moves;
};

/**
 * struct race - what all actors share
 * @sid: the manager's session
 * @renamed: and it changes
 * @stop: readers and changers are to end
 * @end: managers are to end
 * @seed: of chance
 * @bad: something was wrong, @why tells the first
 * @events: that managers answered
 * @reads: that were judged
 * @changes: that succeeded
 * @punches: that succeeded
 * @refused: punches that were EBUSY
 * @regions: layouts that were set
 * @odd: what may happen, and should be seen
 * @wanted: so many changes there have to be
 * @flags: of regions beside READ
 * @sabotage: punch what is not armed now and then: readers must find it
 * @nfiles: how many of @file there are
 * @file: the files
 */
struct race {
	__s32		sid;
	bool		renamed;
	bool		stop;
	bool		end;
	__u64		seed;
	int		bad;
	char		why[400];
	unsigned int	events;
	unsigned int	reads;
	unsigned int	changes;
	unsigned int	punches;
	unsigned int	refused;
	unsigned int	regions;
	unsigned int	odd;
	unsigned int	wanted;
	__u32		flags;
	bool		sabotage;
	unsigned int	nfiles;
	struct race_file file[RACE_FILES];
};

#define race_get(x)	__atomic_load_n(&(x), __ATOMIC_SEQ_CST)
#define race_set(x, v)	__atomic_store_n(&(x), v, __ATOMIC_SEQ_CST)
#define race_inc(x)	__atomic_add_fetch(&(x), 1, __ATOMIC_SEQ_CST)
#define race_dec(x)	__atomic_sub_fetch(&(x), 1, __ATOMIC_SEQ_CST)

/* An actor's own, set when it begins. */
static uint64_t race_chance;

static inline unsigned int race_below(unsigned int n)
{
	return loop_below(&race_chance, n);
}

static inline void race_bad(struct race *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static inline void race_bad(struct race *r, const char *fmt, ...)
{
	va_list ap;

	if (__atomic_exchange_n(&r->bad, 1, __ATOMIC_SEQ_CST))
		return;
	va_start(ap, fmt);
	vsnprintf(r->why, sizeof(r->why), fmt, ap);
	va_end(ap);
	race_set(r->stop, true);
}

/* --- The manager's side ---------------------------------------------------- */

/* A manager who was killed leaves cells that are away, at worst. */
static inline void race_lock(struct race_file *f, unsigned int g)
{
	if (pthread_mutex_lock(&f->lock[g]) == EOWNERDEAD)
		pthread_mutex_consistent(&f->lock[g]);
}

static inline void race_unlock(struct race_file *f, unsigned int g)
{
	pthread_mutex_unlock(&f->lock[g]);
}

/*
 * Call @expr, which uses @o, with the session's id of this moment, which may be
 * nobody's for a while.
 */
#define RACE_CALL(r, file, o, expr)					\
({									\
	struct dmapi_object o;						\
	int times = 0;							\
	long got;							\
									\
	do {								\
		if (times)						\
			dm_sleep_ms(2);					\
		o = dm_obj(race_get((r)->sid), &(file)->f.h);		\
		got = (expr);						\
	} while (got == -EINVAL && (r)->renamed && ++times < 5000);	\
	got;								\
})

/* Bring back what is away of cells [a, b) of one granule, which is locked. */
static inline long race_recall_cells(struct race *r, struct race_file *f,
				     unsigned int a, unsigned int b)
{
	static unsigned char buf[DM_GRANULE];

	for (unsigned int c = a, last; c < b; c = last) {
		__u64 off = (__u64)c * RACE_CELL, end;
		struct stat st;
		int tries = 0;
		long ret = 0;

		last = c + 1;
		if (!f->away[c])
			continue;
		while (last < b && f->away[last])
			last++;
		for (unsigned int i = c; i < last; i++)
			dm_fill(buf + (i - c) * RACE_CELL, (__u64)i * RACE_CELL,
				RACE_CELL, race_get(f->hi[i]));
		do {
			/* The size may change before the data is written. */
			if (stat(f->f.path, &st))
				return -errno;
			end = (__u64)last * RACE_CELL;
			if (end > (__u64)st.st_size)
				end = st.st_size;
			if (off >= end)
				break;
			ret = RACE_CALL(r, f, o, dmapi_write_invis(&o, 0, off,
								   end - off, buf));
		} while (ret == -EINVAL && f->moves && tries++ < 50);
		if (off < end && ret != (long)(end - off))
			return ret < 0 ? ret : -EIO;
		memset(f->away + c, 0, last - c);
	}
	return 0;
}

/* The cells of granule @g. */
static inline unsigned int race_first(unsigned int g)
{
	return g * RACE_PER;
}

static inline unsigned int race_last(unsigned int g)
{
	return (g + 1) * RACE_PER < RACE_CELLS ? (g + 1) * RACE_PER : RACE_CELLS;
}

/* Bring back cells [a, b), and say so or not. */
static inline long race_recall(struct race *r, struct race_file *f,
			       unsigned int a, unsigned int b, bool tell)
{
	long ret = 0;

	for (unsigned int g = a / RACE_PER; !ret && race_first(g) < b; g++) {
		unsigned int x = a > race_first(g) ? a : race_first(g);
		unsigned int y = b < race_last(g) ? b : race_last(g);

		race_lock(f, g);
		ret = race_recall_cells(r, f, x, y);
		if (!ret && tell)
			ret = RACE_CALL(r, f, o,
					dmapi_set_resident(&o, (__u64)x * RACE_CELL,
							   (__u64)(y - x) * RACE_CELL));
		/* In too many pieces; it stays armed. */
		if (ret == -E2BIG)
			ret = 0;
		race_unlock(f, g);
	}
	return ret;
}

/* Give an event what it needs, sometimes more. */
static inline long race_serve(struct race *r, const struct dm_event *e)
{
	struct race_file *f = NULL;
	unsigned int a, b;

	for (unsigned int i = 0; i < r->nfiles; i++)
		if (!memcmp(e->h.b, r->file[i].f.h.b, DMAPI_HANDLE_LEN))
			f = &r->file[i];
	if (!f)
		return -ENOENT;
	if (e->type == DMAPI_EVENT_TRUNCATE || (__u64)e->offset >= RACE_SIZE)
		return 0;
	a = e->offset / RACE_CELL;
	b = RACE_CELLS;
	if (e->length < RACE_SIZE - e->offset)
		b = (e->offset + e->length + RACE_CELL - 1) / RACE_CELL;
	switch (race_below(8)) {
	case 0:
		a = 0;
		b = RACE_CELLS;
		break;
	case 1 ... 3:
		a = a / RACE_PER * RACE_PER;
		b = race_last((b - 1) / RACE_PER);
		break;
	}
	return race_recall(r, f, a, b, !f->stays_armed && race_below(4));
}

/* Regions that hold all of a file, in one of many ways. */
static inline long race_layout(struct race *r, struct race_file *f)
{
	struct dmapi_region reg[8] = { };
	unsigned int n = race_below(3) ? 1 : 1 + race_below(8);
	__u64 pos = 0;
	__u32 exact;
	long ret;

	for (unsigned int i = 0; i < n; i++) {
		__u64 end = pos + 1 + race_below(2 * RACE_SIZE / n);

		reg[i].offset = pos;
		reg[i].size = i == n - 1 ? 0 : end - pos;
		reg[i].flags = DMAPI_REGION_READ | (race_below(4) ? 0 : r->flags);
		pos = race_below(3) ? end : end - race_below(end - pos);
	}
	ret = RACE_CALL(r, f, o, dmapi_set_region(&o, n, reg, &exact));
	if (!ret)
		race_inc(r->regions);
	return ret;
}

/* Punch granule @g, locked and armed; who maps it must not be deprived. */
static inline long race_punch_locked(struct race *r, struct race_file *f,
				     unsigned int g)
{
	unsigned int unmaps = race_get(f->unmaps[g]);
	unsigned int mapped = race_get(f->mapped[g]);
	long ret = RACE_CALL(r, f, o,
			     dmapi_punch_hole(&o, g * DM_GRANULE,
					      g == RACE_GRANULES - 1 ? 0 : DM_GRANULE));

	if (!ret) {
		race_inc(r->punches);
		memset(f->away + race_first(g), 1, race_last(g) - race_first(g));
		if (mapped && unmaps == race_get(f->unmaps[g]))
			race_bad(r, "granule %u was punched while mapped", g);
	} else if (ret == -EBUSY) {
		race_inc(r->refused);
	} else if (!f->moves || (ret != -E2BIG && ret != -EAGAIN)) {
		race_bad(r, "punch of granule %u: %s", g, strerror(-ret));
	}
	return ret;
}

static inline long race_punch(struct race *r, struct race_file *f, unsigned int g)
{
	long ret = 0;

	race_lock(f, g);
	if (!f->stays_armed) {
		ret = race_layout(r, f);
		if (ret && ret != -EBUSY)
			race_bad(r, "set_region: %s", strerror(-ret));
	}
	if (!ret && r->sabotage && !race_below(8))
		ret = RACE_CALL(r, f, o, dm_disarm(&o));
	if (!ret)
		ret = race_punch_locked(r, f, g);
	race_unlock(f, g);
	return ret;
}

/* --- Actors ---------------------------------------------------------------- */

/**
 * struct race_role - who an actor is
 * @r: the race
 * @f: his file
 * @id: another number for each
 * @kind: of what he does
 */
struct race_role {
	struct race	*r;
	struct race_file *f;
	unsigned int	id;
	int		kind;
};

static inline struct race_role *race_begin(void *arg)
{
	struct race_role *me = arg;

	race_chance = me->r->seed + me->id * 1000003ULL;
	return me;
}

static inline bool race_on(const struct race_role *me)
{
	return !race_get(me->r->stop);
}

/* Answer; the session may be another one's meanwhile, with the same token. */
static inline void race_answer(struct race *r, __s32 token, int error)
{
	long ret = 0;

	for (int i = 0; i < 5000; i++) {
		__s32 sid = race_get(r->sid);

		ret = error ? dm_abort(sid, token, error) : dm_continue(sid, token);
		if (ret != -EINVAL || !r->renamed)
			break;
		dm_sleep_ms(2);
	}
	if (ret)
		race_bad(r, "answer to token %d: %s", token, strerror(-ret));
}

static inline void race_handle(struct race *r, const struct dm_event *e)
{
	long ret = race_serve(r, e);

	if (ret)
		race_bad(r, "recall for %llu at %lld: %s",
			 (unsigned long long)e->length, (long long)e->offset,
			 strerror(-ret));
	race_answer(r, e->token, ret ? EREMOTEIO : 0);
	race_inc(r->events);
}

/* Answers events; ends when all others did. */
static inline long race_manager(void *arg)
{
	struct race_role *me = race_begin(arg);
	struct dm_event e;

	while (!race_get(me->r->end))
		if (!dm_next(race_get(me->r->sid), &e, 10))
			race_handle(me->r, &e);
	return 0;
}

/* Takes data away again; @kind is how long it rests, ms. */
static inline long race_puncher(void *arg)
{
	struct race_role *me = race_begin(arg);

	while (race_on(me)) {
		race_punch(me->r, me->f, race_below(RACE_GRANULES));
		dm_sleep_ms(race_below(me->kind + 1));
	}
	return 0;
}

/* --- Beginning and end ----------------------------------------------------- */

/* A file of generation @lo; up to @hi may come. */
static inline long race_file(struct race *r, const char *dir, const char *name,
			     unsigned int lo, unsigned int hi)
{
	struct race_file *f = &r->file[r->nfiles++];
	static unsigned char buf[RACE_SIZE];
	pthread_mutexattr_t attr;
	long ret = 0;
	int fd;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	for (unsigned int g = 0; g < RACE_GRANULES; g++)
		pthread_mutex_init(&f->lock[g], &attr);
	for (unsigned int c = 0; c < RACE_CELLS; c++) {
		f->lo[c] = lo;
		f->hi[c] = hi;
	}
	snprintf(f->f.path, sizeof(f->f.path), "%s/%s", dir, name);
	f->f.size = RACE_SIZE;
	fd = open(f->f.path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	dm_fill(buf, 0, sizeof(buf), lo);
	if (write(fd, buf, sizeof(buf)) != (ssize_t)sizeof(buf))
		ret = -EIO;
	if (close(fd))
		ret = -EIO;
	if (!ret)
		ret = dm_path_handle(f->f.path, &f->f.h);
	f->f.o = dm_obj(r->sid, &f->f.h);
	return ret ? ret : dm_arm(&f->f.o, 0, 0, DMAPI_REGION_READ);
}

/* How many wait; the first line is the heading. */
static inline int race_waiters(char *buf, size_t size)
{
	int fd = open("/proc/fs/xfs/dmapi_waiters", O_RDONLY | O_CLOEXEC), lines = 0;
	ssize_t n = read(fd, buf, size - 1);

	close(fd);
	if (n < 0)
		return -1;
	buf[n] = 0;
	for (char *p = buf; (p = strchr(p, '\n')); p++)
		lines++;
	return lines - 1;
}

/* The file system is let go, found in order, and there again. */
static inline long race_unmounted(void)
{
	char cmd[600];
	long ret = dm_umount();

	if (ret)
		return ret;
	snprintf(cmd, sizeof(cmd),
		 "xfs_repair -n %s > /run/repair 2>&1 || { sed 's/^/# repair: /' /run/repair; exit 1; }",
		 dm_dev());
	fflush(stdout);
	if (system(cmd))
		ret = -EUCLEAN;
	return dm_mount(0, "dmapi") ? -EIO : ret;
}

#endif /* DMAPI_TEST_RACE_H */
