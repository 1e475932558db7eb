/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Readers of a race, who look at every byte
 *
 * Whatever the way to the data: no error, nothing missing, and each byte one of
 * the generations that its cell can have had between the beginning and the end.
 */
#ifndef DMAPI_TEST_RACE_LOOK_H
#define DMAPI_TEST_RACE_LOOK_H

#include "race.h"

#include <sys/sendfile.h>
#include <sys/socket.h>

#define RACE_PIPE	32768		/* bytes that surely fit into a pipe */

enum race_way {
	RACE_BUFFERED,
	RACE_DIRECT,
	RACE_MAPPED,
	RACE_ADVISED,
	RACE_SPLICED,
	RACE_SENT,
	RACE_NOWAIT,
	RACE_AIO,
	RACE_WAYS,
};

static const char *const race_ways[] = {
	"read", "direct read", "mapping", "read after advice", "splice",
	"sendfile", "read without waiting", "aio",
};

/* What may be seen from now on. */
struct race_view {
	unsigned int	lo[RACE_CELLS];
	unsigned int	seq;
};

static inline void race_view(struct race_file *f, struct race_view *v)
{
	v->seq = race_get(f->seq);
	for (unsigned int c = 0; c < RACE_CELLS; c++)
		v->lo[c] = race_get(f->lo[c]);
}

/* All windows since @seq in one. */
static inline struct race_window race_windows(struct race_file *f, unsigned int seq)
{
	struct race_window all = { .off = UINT64_MAX, .end = 0 };
	unsigned int now = race_get(f->seq);

	if (now - seq >= 2 * RACE_WINDOWS - 4)
		return (struct race_window){ 0, UINT64_MAX };
	/* An even number is that of the next one to be opened. */
	for (unsigned int i = seq / 2; i < (now + 1) / 2; i++) {
		struct race_window *w = &f->window[i % RACE_WINDOWS];

		if (w->off < all.off)
			all.off = w->off;
		if (w->end > all.end)
			all.end = w->end;
	}
	return all;
}

static inline void race_open(struct race_file *f, __u64 off, __u64 end)
{
	f->window[f->seq / 2 % RACE_WINDOWS] = (struct race_window){ off, end };
	race_inc(f->seq);
}

static inline void race_close(struct race_file *f)
{
	race_inc(f->seq);
}

static inline bool race_may_be(const unsigned char b, __u64 off, unsigned int lo,
			       unsigned int hi)
{
	for (unsigned int gen = lo; gen <= hi; gen++)
		if (b == dm_pat(off, gen))
			return true;
	return false;
}

/* Judge @n bytes, or a negated errno, that came of [pos, pos + len). */
static inline void race_judge(struct race *r, struct race_file *f,
			      const struct race_view *v, const unsigned char *buf,
			      __u64 pos, size_t len, ssize_t n, const char *how)
{
	struct race_window w = race_windows(f, v->seq);
	size_t want = pos + len > RACE_SIZE ? RACE_SIZE - pos : len;

	race_inc(r->reads);
	if (n < 0) {
		race_bad(r, "%s of %zu at %llu: %s", how, len,
			 (unsigned long long)pos, strerror(-n));
		return;
	}
	if ((size_t)n < want && !(w.end > RACE_SIZE && pos + n >= w.off)) {
		race_bad(r, "%s of %zu at %llu gave %zd", how, len,
			 (unsigned long long)pos, n);
		return;
	}
	if ((size_t)n < want)
		want = n;
	for (size_t i = 0; i < want; i++) {
		__u64 off = pos + i;
		unsigned int c = off / RACE_CELL, hi;

		if (off >= w.off && off < w.end)
			continue;
		hi = race_get(f->hi[c]);
		if (race_may_be(buf[i], off, v->lo[c], hi))
			continue;
		race_bad(r, "%s of %zu at %llu: byte %llu of %s is 0x%02x, of no generation from %u to %u",
			 how, len, (unsigned long long)pos, (unsigned long long)off,
			 strrchr(f->f.path, '/'), buf[i], v->lo[c], hi);
		return;
	}
}

/* Who may be killed at any moment cannot take back what he told others. */
static bool race_mortal;

/* Tell who punches that it is mapped, as long as it surely is. */
static inline ssize_t race_map(struct race_file *f, int fd, void *buf, __u64 pos,
			       size_t len)
{
	__u64 first = pos / RACE_CELL * RACE_CELL;
	unsigned int a = pos / DM_GRANULE, b = (pos + len - 1) / DM_GRANULE;
	int flags = race_below(2) ? MAP_SHARED : MAP_PRIVATE;
	ssize_t n;
	char *p;

	if (!race_below(4))
		flags |= MAP_POPULATE;
	p = mmap(NULL, pos + len - first, PROT_READ, flags, fd, first);
	if (p == MAP_FAILED)
		return -errno;
	for (unsigned int g = a; g <= b && !race_mortal; g++)
		race_inc(f->mapped[g]);
	n = touch_copy(buf, p + (pos - first), len);
	for (unsigned int g = a; g <= b && !race_mortal; g++) {
		race_dec(f->mapped[g]);
		race_inc(f->unmaps[g]);
	}
	munmap(p, pos + len - first);
	/* Nothing at all is for the judge to judge. */
	return n == -EFAULT ? 0 : n;
}

static inline ssize_t race_all(int fd, unsigned char *buf, ssize_t n)
{
	ssize_t got = 0, more;

	while (got < n) {
		more = read(fd, buf + got, n - got);
		if (more <= 0)
			return more < 0 ? -errno : got;
		got += more;
	}
	return n;
}

/* Through a pipe or a socket, whose pages may be the file's. */
static inline ssize_t race_hose(int fd, unsigned char *buf, __u64 pos, size_t len,
				bool splices)
{
	loff_t off = pos;
	int p[2];
	ssize_t n;

	if (!splices && race_below(2) ?
	    socketpair(AF_UNIX, SOCK_STREAM, 0, p) : pipe(p))
		return -errno;
	if (splices)
		n = neg(splice(fd, &off, p[1], NULL, len, 0));
	else
		n = neg(sendfile(p[1], fd, &off, len));
	/* Give others time to take the pages' data away. */
	if (n > 0 && !race_below(4))
		dm_sleep_ms(1);
	if (n > 0)
		n = race_all(p[0], buf, n);
	close(p[0]);
	close(p[1]);
	return n;
}

/* Fill the cache with a range that may be offline, or empty it. */
static inline void race_advise(int fd)
{
	static const int advice[] = {
		POSIX_FADV_WILLNEED, POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,
		POSIX_FADV_RANDOM, POSIX_FADV_SEQUENTIAL,
	};
	unsigned int off = race_below(RACE_SIZE), len = 1 + race_below(RACE_SIZE);

	if (race_below(2))
		readahead(fd, off, len);
	else
		posix_fadvise(fd, off, len, advice[race_below(5)]);
}

static inline ssize_t race_nowait(int fd, void *buf, __u64 pos, size_t len)
{
	struct iovec v = { buf, len };

	return neg(preadv2(fd, &v, 1, pos, RWF_NOWAIT));
}

/* One look, whose result is judged. */
static inline void race_look(struct race *r, struct race_file *f, int way,
			     __u64 pos, size_t len)
{
	int flags = O_RDONLY | O_CLOEXEC | (way == RACE_DIRECT ? O_DIRECT : 0);
	int fd = open(f->f.path, flags);
	static unsigned char *buf;
	struct race_view v;
	ssize_t n;

	if (!buf)
		buf = poisoned(RACE_SIZE + RACE_CELL);
	if (fd < 0) {
		race_bad(r, "%s: %s", f->f.path, strerror(errno));
		return;
	}
	if (way == RACE_DIRECT) {
		len = (len + pos % RACE_CELL + RACE_CELL - 1) / RACE_CELL * RACE_CELL;
		pos = pos / RACE_CELL * RACE_CELL;
	}
	if ((way == RACE_SPLICED || way == RACE_SENT) && len > RACE_PIPE)
		len = RACE_PIPE;
	if (way == RACE_MAPPED && pos + len > RACE_SIZE)
		len = RACE_SIZE - pos;

	race_view(f, &v);
	if (way == RACE_ADVISED)
		race_advise(fd);
	switch (way) {
	case RACE_MAPPED:
		n = race_map(f, fd, buf, pos, len);
		break;
	case RACE_SPLICED:
	case RACE_SENT:
		n = race_hose(fd, buf, pos, len, way == RACE_SPLICED);
		/* It may stop at a page that has to be waited for. */
		if (n > 0)
			len = n;
		break;
	case RACE_AIO:
		n = aio_rw(IOCB_CMD_PREAD, fd, buf, pos, len);
		break;
	case RACE_NOWAIT:
		n = race_nowait(fd, buf, pos, len);
		if (n > 0)
			len = n;
		break;
	default:
		n = neg(pread(fd, buf, len, pos));
	}
	if (way != RACE_NOWAIT || n != -EAGAIN)
		race_judge(r, f, &v, buf, pos, len, n, race_ways[way]);
	close(fd);
}

/* Somewhere, mostly a little. */
static inline void race_look_about(struct race *r, struct race_file *f, int way)
{
	size_t len = 1 + race_below(race_below(4) ? 3 * RACE_CELL : 200000);

	race_look(r, f, way, race_below(RACE_SIZE), len);
}

/* Reads his way, or with kind RACE_WAYS in all ways, all the time. */
static inline long race_reader(void *arg)
{
	struct race_role *me = race_begin(arg);

	while (race_on(me))
		race_look_about(me->r, me->f, me->kind == RACE_WAYS ?
				(int)race_below(RACE_WAYS) : me->kind);
	return 0;
}

#endif /* DMAPI_TEST_RACE_LOOK_H */
