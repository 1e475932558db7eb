/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writers of a race
 *
 * They give cells their next generation, by whatever way, and nobody else writes
 * the granule meanwhile.  A write that succeeded is there: from then on no
 * reader may see less.
 */
#ifndef DMAPI_TEST_RACE_WRITE_H
#define DMAPI_TEST_RACE_WRITE_H

#include "race_look.h"

enum race_writing {
	RACE_WRITE,
	RACE_WRITE_DIRECT,
	RACE_WRITE_MAPPED,
	RACE_WRITE_AIO,
	RACE_WRITE_SPLICED,
	RACE_WRITINGS,
};

static inline ssize_t race_write_by(struct race_file *f, int way,
				    const void *buf, __u64 off, size_t len)
{
	int fd = open(f->f.path, O_RDWR | O_CLOEXEC | (way == RACE_WRITE_DIRECT ? O_DIRECT : 0));
	loff_t pos = off;
	ssize_t n = -EBADF;
	int p[2];
	char *to;

	if (fd < 0)
		return -errno;
	switch (way) {
	case RACE_WRITE:
	case RACE_WRITE_DIRECT:
		n = neg(pwrite(fd, buf, len, off));
		break;
	case RACE_WRITE_MAPPED:
		to = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, off);
		if (to == MAP_FAILED) {
			n = -errno;
			break;
		}
		/* It is the destination that could fault; nothing else does. */
		n = touch_copy(to, buf, len);
		munmap(to, len);
		break;
	case RACE_WRITE_AIO:
		n = aio_rw(IOCB_CMD_PWRITE, fd, (void *)buf, off, len);
		break;
	case RACE_WRITE_SPLICED:
		if (len > RACE_PIPE)
			len = RACE_PIPE;
		if (pipe(p))
			break;
		n = neg(write(p[1], buf, len));
		if (n == (ssize_t)len)
			n = neg(splice(p[0], NULL, fd, &pos, len, 0));
		close(p[0]);
		close(p[1]);
		break;
	}
	close(fd);
	return n;
}

/* Give cells [a, b) of one granule their next generation. */
static inline void race_rewrite(struct race *r, struct race_file *f, int way,
				unsigned int a, unsigned int b)
{
	static unsigned char *buf;
	__u64 off = (__u64)a * RACE_CELL;
	size_t len = (b - a) * RACE_CELL;
	unsigned int done;
	ssize_t n;

	if (!buf)
		buf = poisoned(DM_GRANULE);
	if (off + len > RACE_SIZE && way != RACE_WRITE_DIRECT)
		len = RACE_SIZE - off;
	for (unsigned int c = a; c < b; c++)
		dm_fill(buf + (c - a) * RACE_CELL, (__u64)c * RACE_CELL, RACE_CELL,
			race_inc(f->hi[c]));
	n = race_write_by(f, way, buf, off, len);
	if (n < 0) {
		race_bad(r, "write %d of %zu at %llu: %s", way, len,
			 (unsigned long long)off, strerror(-n));
		return;
	}
	/* A splice may stop where it has to wait. */
	if (n != (ssize_t)len && way != RACE_WRITE_SPLICED) {
		race_bad(r, "write %d of %zu at %llu gave %zd", way, len,
			 (unsigned long long)off, n);
		return;
	}
	done = off + n == RACE_SIZE ? b : a + n / RACE_CELL;
	for (unsigned int c = a; c < done; c++)
		race_set(f->lo[c], race_get(f->hi[c]));
	race_inc(r->changes);
}

static inline long race_writer(void *arg)
{
	struct race_role *me = race_begin(arg);
	struct race_file *f = me->f;

	while (race_on(me)) {
		/* Direct writes are of whole cells, and the last one is none. */
		unsigned int g = race_below(RACE_GRANULES - 1);
		unsigned int a = race_first(g) + race_below(RACE_PER);
		unsigned int b = a + 1 + race_below(race_last(g) - a);
		int way = me->kind == RACE_WRITINGS ? (int)race_below(RACE_WRITINGS) : me->kind;

		if (__atomic_exchange_n(&f->busy[g], 1, __ATOMIC_SEQ_CST))
			continue;
		race_rewrite(me->r, f, way, a, b);
		race_set(f->busy[g], 0);
	}
	return 0;
}

#endif /* DMAPI_TEST_RACE_WRITE_H */
