/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Somebody of every kind who waits
 *
 * A kind is a way to need the bytes of a file that are elsewhere: it reads them,
 * hands them on, maps, runs, changes or cuts them.  A waiter is a child that
 * does that to a file of its own.  Its result is 0 only if what it saw was right,
 * and what the file holds then is known byte for byte, as is what it holds if
 * the child failed.
 *
 * A file is a granule and a bit; the operations are in its third and fourth
 * page.  Those that hand data on have a second file, which nobody manages.
 */
#ifndef DMAPI_TEST_WAITERS_H
#define DMAPI_TEST_WAITERS_H

#include <linux/falloc.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "offline.h"

#define W_SIZE		(GRAIN + 1000)
#define W_POS		8192
#define W_LEN		8192
#define W_SEED		77		/* the second file, and what is written */
#define W_PROGRAM	"/bin/true"

struct waiter;

/* What a signal that is handled does, if waits may be interrupted. */
enum waiter_signal {
	W_RESTARTS,	/* EINTR, or again if the handler says so */
	W_EINTR,	/* EINTR whatever the handler says */
	W_UNMOVED,	/* another task waits, which gets no signal */
};

/**
 * struct waiter_kind - a way to need bytes
 * @name: of it
 * @run: in the child; 0 if all was right, or a negated errno
 * @event: what it raises if everything is armed
 * @signal: what one does
 * @writes: a descriptor that can write is open while it waits
 * @frozen: it is done on a frozen file system as well
 * @apply: what the file holds afterwards; NULL: what it held
 */
struct waiter_kind {
	const char		*name;
	long			(*run)(const struct waiter *w);
	int			event;
	enum waiter_signal	signal;
	bool			writes;
	bool			frozen;
	void			(*apply)(struct waiter *w);
};

/**
 * struct waiter - one of them
 * @kind: of which kind
 * @f: its file
 * @dir: where that is; a descriptor
 * @other: the second file
 * @img: what @f holds
 * @size: and how much that is
 * @pid: the child, 0 once it ended
 * @result: then
 * @token: of the event, while it is delivered
 */
struct waiter {
	const struct waiter_kind *kind;
	struct dm_file		f;
	int			dir;
	char			other[PATH_MAX];
	unsigned char		*img;
	size_t			size;
	pid_t			pid;
	long			result;
	__s32			token;
};

static inline int waiter_open(const struct waiter *w, int flags)
{
	return open(w->f.path, flags | O_CLOEXEC);
}

/* A result that must be all of @want bytes. */
static inline long waiter_all(ssize_t got, ssize_t want)
{
	return got < 0 ? (got == -1 ? -errno : got) : got == want ? 0 : -ENODATA;
}

/* The same, and they must be right. */
static inline long waiter_saw(const void *buf, ssize_t got)
{
	long ret = waiter_all(got, W_LEN);

	return ret ? ret : dm_differs(buf, W_POS, W_LEN, DM_SEED) < 0 ? 0 : -EILSEQ;
}

/* What waits in a pipe or socket. */
static inline long waiter_drain(int fd, ssize_t n)
{
	static unsigned char buf[W_LEN];
	ssize_t got = 0, r;

	if (n != W_LEN)
		return waiter_all(n, W_LEN);
	while (got < n && (r = read(fd, buf + got, n - got)) > 0)
		got += r;
	return waiter_saw(buf, got);
}

/* What a copy left in the second file: [from, from + W_LEN) of the first. */
static inline long waiter_copied(int fd, off_t from)
{
	unsigned char *buf = poisoned(W_LEN);
	long ret = waiter_all(pread(fd, buf, W_LEN, from), W_LEN);

	return ret ? ret : dm_differs(buf, from, W_LEN, DM_SEED) < 0 ? 0 : -EILSEQ;
}

/* --- Those who read --------------------------------------------------------- */

static inline long wait_read(const struct waiter *w)
{
	unsigned char *buf = poisoned(W_LEN);
	int fd = waiter_open(w, O_RDONLY);

	lseek(fd, W_POS, SEEK_SET);
	return waiter_saw(buf, read(fd, buf, W_LEN));
}

static inline long wait_direct(const struct waiter *w)
{
	unsigned char *buf = poisoned(W_LEN);

	return waiter_saw(buf, pread(waiter_open(w, O_RDONLY | O_DIRECT), buf, W_LEN, W_POS));
}

static inline long wait_readv(const struct waiter *w)
{
	unsigned char *buf = poisoned(W_LEN);
	struct iovec v[2] = { { buf, 100 }, { buf + 100, W_LEN - 100 } };
	int fd = waiter_open(w, O_RDONLY);

	lseek(fd, W_POS, SEEK_SET);
	return waiter_saw(buf, readv(fd, v, 2));
}

static inline long wait_aio(const struct waiter *w)
{
	unsigned char *buf = poisoned(W_LEN);

	return waiter_saw(buf, aio_rw(IOCB_CMD_PREAD, waiter_open(w, O_RDONLY), buf,
				      W_POS, W_LEN));
}

static inline long wait_uring(const struct waiter *w)
{
	unsigned char *buf = poisoned(W_LEN);

	return waiter_saw(buf, ring_rw(IORING_OP_READ, waiter_open(w, O_RDONLY), buf,
				       W_POS, W_LEN, false, 0));
}

/* --- Those who hand on ------------------------------------------------------ */

static inline long wait_splice(const struct waiter *w)
{
	off_t pos = W_POS;
	int p[2];

	if (pipe(p))
		return -EPIPE;
	return waiter_drain(p[0], splice(waiter_open(w, O_RDONLY), &pos, p[1], NULL,
					 W_LEN, 0));
}

static inline long wait_sendfile(const struct waiter *w)
{
	off_t pos = W_POS;
	int s[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, s))
		return -EPIPE;
	return waiter_drain(s[0], sendfile(s[1], waiter_open(w, O_RDONLY), &pos, W_LEN));
}

/* Where blocks cannot be shared, so that it is copied. */
#define W_ODD		(W_POS + 100)

static inline long wait_copy(const struct waiter *w)
{
	loff_t in = W_ODD, out = W_ODD;
	int fd = open(w->other, O_RDWR);
	long ret = waiter_all(copy_file_range(waiter_open(w, O_RDONLY), &in, fd, &out,
					      W_LEN, 0), W_LEN);

	return ret ? ret : waiter_copied(fd, W_ODD);
}

static inline long wait_reflink(const struct waiter *w)
{
	struct file_clone_range r = {
		.src_fd = waiter_open(w, O_RDONLY), .src_offset = W_POS,
		.src_length = W_LEN, .dest_offset = W_POS,
	};
	int fd = open(w->other, O_RDWR);

	if (ioctl(fd, FICLONERANGE, &r))
		return -errno;
	return waiter_copied(fd, W_POS);
}

static inline long waiter_map(const struct waiter *w, int prot, int flags)
{
	unsigned char *buf = poisoned(W_LEN);
	void *p = mmap(NULL, W_LEN, prot, MAP_SHARED, waiter_open(w, flags), W_POS);
	long ret;

	if (p == MAP_FAILED)
		return -errno;
	ret = waiter_saw(buf, touch_copy(buf, p, W_LEN));
	if (!ret && (prot & PROT_WRITE))
		dm_fill(p, W_POS, W_LEN, W_SEED);
	munmap(p, W_LEN);
	return ret;
}

static inline long wait_map(const struct waiter *w)
{
	return waiter_map(w, PROT_READ, O_RDONLY);
}

static inline long wait_exec(const struct waiter *w)
{
	char *argv[] = { "true", NULL };

	execv(w->f.path, argv);
	return -errno;
}

/* --- Those who change ------------------------------------------------------- */

static inline long wait_map_write(const struct waiter *w)
{
	return waiter_map(w, PROT_READ | PROT_WRITE, O_RDWR);
}

static inline void apply_map_write(struct waiter *w)
{
	dm_fill(w->img + W_POS, W_POS, W_LEN, W_SEED);
}

/* Begins and ends in the middle of a page. */
static inline long wait_write(const struct waiter *w)
{
	unsigned char buf[5000];

	dm_fill(buf, W_ODD, sizeof(buf), W_SEED);
	return waiter_all(pwrite(waiter_open(w, O_RDWR), buf, sizeof(buf), W_ODD), sizeof(buf));
}

static inline void apply_write(struct waiter *w)
{
	dm_fill(w->img + W_ODD, W_ODD, 5000, W_SEED);
}

static inline long wait_truncate(const struct waiter *w)
{
	return truncate(w->f.path, W_ODD) ? -errno : 0;
}

static inline long wait_ftruncate(const struct waiter *w)
{
	return ftruncate(waiter_open(w, O_RDWR), W_ODD) ? -errno : 0;
}

static inline void apply_truncate(struct waiter *w)
{
	w->size = W_ODD;
}

/* From a directory: what an absolute name means changes with an unmount. */
static inline long wait_open_trunc(const struct waiter *w)
{
	return openat(w->dir, strrchr(w->f.path, '/') + 1, O_WRONLY | O_TRUNC) < 0 ? -errno : 0;
}

static inline void apply_empty(struct waiter *w)
{
	w->size = 0;
}

static inline long wait_punch(const struct waiter *w)
{
	return fallocate(waiter_open(w, O_RDWR), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 W_POS, W_LEN) ? -errno : 0;
}

static inline void apply_punch(struct waiter *w)
{
	memset(w->img + W_POS, 0, W_LEN);
}

#define W_READS(_n, _signal) \
	{ #_n, wait_##_n, DMAPI_EVENT_READ, _signal, false, true, NULL }
#define W_COPIES(_n) \
	{ #_n, wait_##_n, DMAPI_EVENT_READ, W_RESTARTS, true, false, NULL }
#define W_CHANGES(_n, _event, _writes, _apply) \
	{ #_n, wait_##_n, DMAPI_EVENT_##_event, W_RESTARTS, _writes, false, apply_##_apply }

static const struct waiter_kind waiter_kinds[] = {
	W_READS(read, W_RESTARTS),
	W_READS(direct, W_RESTARTS),
	W_READS(readv, W_RESTARTS),
	W_READS(aio, W_EINTR),
	W_READS(uring, W_UNMOVED),
	W_READS(splice, W_RESTARTS),
	W_READS(sendfile, W_RESTARTS),
	W_READS(map, W_RESTARTS),
	W_READS(exec, W_RESTARTS),
	W_COPIES(copy),
	W_COPIES(reflink),
	W_CHANGES(map_write, WRITE, true, map_write),
	W_CHANGES(write, WRITE, true, write),
	W_CHANGES(punch, WRITE, true, punch),
	W_CHANGES(ftruncate, TRUNCATE, true, truncate),
	W_CHANGES(truncate, TRUNCATE, false, truncate),
	W_CHANGES(open_trunc, TRUNCATE, true, empty),
};

#define W_KINDS		(sizeof(waiter_kinds) / sizeof(waiter_kinds[0]))
#define W_ALL		(DMAPI_REGION_READ | DMAPI_REGION_WRITE | DMAPI_REGION_TRUNCATE)

/* Does it hand on to a second file, and where does that end up? */
static inline off_t waiter_hands_on(const struct waiter *w)
{
	return w->kind->run == wait_copy ? W_ODD : w->kind->run == wait_reflink ? W_POS : -1;
}

/* --- Their lives ------------------------------------------------------------ */

static inline long waiter_fill(const char *path, const void *img, size_t size, mode_t mode)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	long ret;

	if (fd < 0)
		return -errno;
	ret = waiter_all(write(fd, img, size), size);
	if (!ret && fsync(fd))
		ret = -errno;
	close(fd);
	return ret;
}

/**
 * waiter_make() - make a waiter's files, all of the first armed and offline
 * @w: @kind is set, the rest zero
 * @sid: a session
 * @dir: where
 *
 * Return: 0 or a negated errno.
 */
static inline long waiter_make(struct waiter *w, __s32 sid, const char *dir)
{
	long ret;
	int fd;

	w->img = malloc(W_SIZE);
	if (!w->img)
		return -ENOMEM;
	w->size = W_SIZE;
	dm_fill(w->img, 0, W_SIZE, DM_SEED);
	if (w->kind->run == wait_exec) {
		fd = open(W_PROGRAM, O_RDONLY | O_CLOEXEC);
		/* The rest of the file is the pattern, which runs as well. */
		ret = read(fd, w->img, W_SIZE);
		close(fd);
		if (ret <= 0 || ret == W_SIZE)
			return -ENOEXEC;
	}
	snprintf(w->f.path, sizeof(w->f.path), "%s/%s", dir, w->kind->name);
	ret = waiter_fill(w->f.path, w->img, w->size, 0755);
	if (!ret && waiter_hands_on(w) >= 0) {
		unsigned char *p = malloc(W_SIZE);

		snprintf(w->other, sizeof(w->other), "%s/%s.other", dir, w->kind->name);
		dm_fill(p, 0, W_SIZE, W_SEED);
		ret = waiter_fill(w->other, p, W_SIZE, 0644);
		free(p);
	}
	if (!ret)
		ret = dm_path_handle(w->f.path, &w->f.h);
	if (ret)
		return ret;
	w->f.size = w->size;
	w->f.o = dm_obj(sid, &w->f.h);
	ret = dm_arm(&w->f.o, 0, 0, W_ALL);
	return ret ? ret : dmapi_punch_hole(&w->f.o, 0, 0);
}

struct waiter_args {
	const struct waiter *w;
	int sa_flags;
};

static inline void waiter_handler(int sig)
{
	(void)sig;
}

static inline long waiter_child(void *arg)
{
	const struct waiter_args *a = arg;
	struct sigaction sa = { .sa_handler = waiter_handler, .sa_flags = a->sa_flags };

	sigaction(SIGUSR1, &sa, NULL);
	return a->w->kind->run(a->w);
}

/* SIGUSR1 has a handler with @sa_flags. */
static inline void waiter_start(struct waiter *w, const char *dir, int sa_flags)
{
	struct waiter_args a = { w, sa_flags };

	w->token = 0;
	w->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->pid = dm_spawn(waiter_child, &a);
	close(w->dir);
}

/* As dm_wait(), as often as anybody likes. */
static inline long waiter_wait(struct waiter *w, int ms)
{
	long ret;

	if (!w->pid)
		return w->result;
	ret = dm_wait(w->pid, ms);
	if (ret != DM_RUNNING) {
		w->pid = 0;
		w->result = ret;
	}
	return ret;
}

/* Bring all of its file back. */
static inline long waiter_recall(struct waiter *w)
{
	size_t pos;
	long ret;

	for (pos = 0; pos < w->size; pos += ret) {
		size_t n = w->size - pos < GRAIN ? w->size - pos : GRAIN;

		ret = dmapi_write_invis(&w->f.o, 0, pos, n, w->img + pos);
		if (ret <= 0)
			return ret ? ret : -EIO;
	}
	return dmapi_set_resident(&w->f.o, 0, 0);
}

static inline bool waiter_same(const char *path, const unsigned char *img, size_t size)
{
	unsigned char *p = malloc(size + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = pread(fd, p, size + 1, 0);
	bool ret = n == (ssize_t)size && !memcmp(p, img, size);

	close(fd);
	free(p);
	return ret;
}

/**
 * waiter_verify() - compare a waiter's files with what they must hold
 * @w: its first file is resident and not armed
 * @done: the operation was done
 *
 * Return: NULL, or what is wrong.
 */
static inline const char *waiter_verify(struct waiter *w, bool done)
{
	unsigned char *p = malloc(W_SIZE);
	off_t from = waiter_hands_on(w);
	bool ok = true;

	if (done && w->kind->apply)
		w->kind->apply(w);
	if (from >= 0) {
		dm_fill(p, 0, W_SIZE, W_SEED);
		if (done)
			dm_fill(p + from, from, W_LEN, DM_SEED);
		ok = waiter_same(w->other, p, W_SIZE);
	}
	free(p);
	if (!ok)
		return "the file that it was copied to is not what it must be";
	return waiter_same(w->f.path, w->img, w->size) ? NULL : "the file is not what it must be";
}

/* Nobody answers: every byte is an error or right, and no zero. */
static inline const char *waiter_verify_offline(const struct waiter *w)
{
	struct model m = { .size = w->size };

	model_set(&m, 0, m.size, OFFLINE);
	return model_verify(&m, w->f.path);
}

#endif /* DMAPI_TEST_WAITERS_H */
