// SPDX-License-Identifier: GPL-2.0-only
/*
 * loop_writer - changes files of its own and knows what they hold
 *
 *	loop_writer SECONDS IMAGE FILE...
 *
 * Each file has a thread that writes to it, cuts it, makes it longer, punches
 * it, stores into it through a mapping and reads it, at random, while others
 * move its data away and bring it back.  All of it is in memory, too, and what
 * is read must be that.  In the end the contents are in IMAGE.0, IMAGE.1 and so
 * on, for whoever looks at the files later.
 *
 * A file is open while something is done to it and no longer: what is open for
 * writing is not moved.
 */
#include <inttypes.h>
#include <linux/falloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "loop_dm.h"

#define MAX_FILES	8
#define MAX_SIZE	(400U << 10)
#define MAX_WRITE	(40U << 10)
#define ALIGN		4096U

struct own {
	const char	*path;
	uint8_t		img[MAX_SIZE];
	uint8_t		buf[MAX_SIZE] __attribute__((aligned(4096)));
	size_t		size;
	uint64_t	seed;
	pthread_t	thread;
};

static struct own own[MAX_FILES];
static _Atomic bool stop, bad;

/* --- The changes; they return 0 or -1, and are made to the image as well ------ */

/* Bytes for [off, off + len), which become the image's. */
static void draw(struct own *o, size_t off, size_t len)
{
	if (off > o->size)
		memset(o->img + o->size, 0, off - o->size);
	for (size_t i = 0; i < len; i++)
		o->img[off + i] = (uint8_t)loop_rand(&o->seed);
	if (off + len > o->size)
		o->size = off + len;
}

static void resize(struct own *o, size_t size)
{
	if (size > o->size)
		memset(o->img + o->size, 0, size - o->size);
	o->size = size;
}

static int write_at(struct own *o, int flags, size_t off, size_t len)
{
	int fd = open(o->path, O_WRONLY | O_CLOEXEC | flags);
	int ret;

	if (fd < 0)
		return -1;
	draw(o, off, len);
	memcpy(o->buf, o->img + off, len);
	ret = pwrite(fd, o->buf, len, (off_t)off) == (ssize_t)len ? 0 : -1;
	close(fd);
	return ret;
}

static int op_write(struct own *o)
{
	size_t off = loop_below(&o->seed, (unsigned int)o->size + 10000);
	size_t len = 1 + loop_below(&o->seed, MAX_WRITE);

	if (off + len > MAX_SIZE)
		off = MAX_SIZE - len;
	return write_at(o, 0, off, len);
}

static int op_direct(struct own *o)
{
	size_t off = loop_below(&o->seed, MAX_SIZE / 2) / ALIGN * ALIGN;

	return write_at(o, O_DIRECT, off, (1 + loop_below(&o->seed, 8)) * ALIGN);
}

static int op_append(struct own *o)
{
	size_t len = 1 + loop_below(&o->seed, MAX_WRITE);

	/* The end is where the image has it. */
	return o->size + len > MAX_SIZE ? 0 : write_at(o, O_APPEND, o->size, len);
}

static int op_cut(struct own *o)
{
	resize(o, loop_below(&o->seed, (unsigned int)o->size + 1));
	return truncate(o->path, (off_t)o->size);
}

static int op_grow(struct own *o)
{
	resize(o, o->size + loop_below(&o->seed, (unsigned int)(MAX_SIZE - o->size) + 1));
	return truncate(o->path, (off_t)o->size);
}

static int op_empty(struct own *o)
{
	int fd = open(o->path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0)
		return -1;
	close(fd);
	o->size = 0;
	return 0;
}

static int op_punch(struct own *o)
{
	size_t off = loop_below(&o->seed, MAX_SIZE);
	size_t len = 1 + loop_below(&o->seed, 2 * MAX_WRITE);
	int fd = open(o->path, O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -1;
	ret = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			(off_t)off, (off_t)len);
	close(fd);
	if (off < o->size)
		memset(o->img + off, 0, off + len < o->size ? len : o->size - off);
	return ret;
}

static int op_store(struct own *o)
{
	size_t off, skip, len;
	uint8_t *p;
	int fd;

	if (!o->size)
		return 0;
	off = loop_below(&o->seed, (unsigned int)o->size);
	len = 1 + loop_below(&o->seed, MAX_WRITE);
	if (len > o->size - off)
		len = o->size - off;
	skip = off % ALIGN;
	fd = open(o->path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -1;
	p = mmap(NULL, skip + len, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		 (off_t)(off - skip));
	close(fd);
	if (p == MAP_FAILED)
		return -1;
	draw(o, off, len);
	memcpy(p + skip, o->img + off, len);
	return munmap(p, skip + len);
}

/* Read [off, off + len) and what is behind the end. */
static int look(struct own *o, size_t off, size_t len)
{
	int fd = open(o->path, O_RDONLY | O_CLOEXEC);
	size_t want = off < o->size ? o->size - off : 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	memset(o->buf, 0xfe, len);
	n = pread(fd, o->buf, len, (off_t)off);
	close(fd);
	if (n < 0)
		return -1;
	if (want > len)
		want = len;
	if (n == (ssize_t)want && !memcmp(o->buf, o->img + off, want))
		return 0;
	if (atomic_exchange(&bad, true))
		return 0;
	for (size_t i = 0; i < want && i < (size_t)n; i++) {
		if (o->buf[i] == o->img[off + i])
			continue;
		printf("# %s: byte %zu is 0x%02x, not 0x%02x\n", o->path, off + i,
		       o->buf[i], o->img[off + i]);
		break;
	}
	printf("# %s: %zd of %zu bytes at %zu, size %zu\n", o->path, n, want, off,
	       o->size);
	return 0;
}

static int op_read(struct own *o)
{
	return look(o, loop_below(&o->seed, MAX_SIZE), 1 + loop_below(&o->seed, MAX_WRITE) / 2);
}

static int op_read_all(struct own *o)
{
	return look(o, 0, MAX_SIZE);
}

static const struct op {
	const char	*name;
	unsigned int	weight;
	int		(*run)(struct own *o);
} ops[] = {
	{ "write", 6, op_write }, { "direct write", 3, op_direct },
	{ "append", 3, op_append }, { "cut", 2, op_cut }, { "grow", 2, op_grow },
	{ "empty", 1, op_empty }, { "punch", 2, op_punch },
	{ "mapped store", 3, op_store }, { "read", 6, op_read },
	{ "read all", 3, op_read_all },
};

#define OPS		(sizeof(ops) / sizeof(ops[0]))

static _Atomic unsigned int done[OPS];

static const struct op *choose(struct own *o)
{
	unsigned int sum = 0, n;
	size_t i;

	for (i = 0; i < OPS; i++)
		sum += ops[i].weight;
	n = loop_below(&o->seed, sum);
	for (i = 0; n >= ops[i].weight; i++)
		n -= ops[i].weight;
	return &ops[i];
}

static void *writer(void *arg)
{
	struct own *o = arg;

	while (!stop && !bad) {
		const struct op *op = choose(o);

		if (op->run(o)) {
			printf("# %s of %s: %s\n", op->name, o->path, strerror(errno));
			bad = true;
			break;
		}
		done[op - ops]++;
		/* Now and then, time for somebody to move it away. */
		if (!loop_below(&o->seed, 12))
			usleep(loop_below(&o->seed, 2000000));
	}
	if (!bad && op_read_all(o))
		bad = true;
	return NULL;
}

static void die(int sig)
{
	static const char slow[] = "# a writer waits for longer than anybody should\n";
	static const char gone[] = "# a mapping has no data\n";
	bool alarmed = sig == SIGALRM;

	if (write(1, alarmed ? slow : gone, (alarmed ? sizeof(slow) : sizeof(gone)) - 1) < 0)
		_exit(3);
	_exit(2);
}

static void save(const struct own *o, const char *image, int i)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s.%d", image, i);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, o->img, o->size) != (ssize_t)o->size || close(fd))
		loop_die("%s", path);
}

int main(int argc, char **argv)
{
	int n = argc - 3, ret = 0;
	double end;

	if (n < 1 || n > MAX_FILES) {
		fprintf(stderr, "usage: loop_writer SECONDS IMAGE FILE...\n");
		return 2;
	}
	signal(SIGALRM, die);
	signal(SIGBUS, die);
	end = loop_now() + atof(argv[1]);
	for (int i = 0; i < n; i++) {
		int fd = open(argv[3 + i], O_CREAT | O_RDWR | O_CLOEXEC, 0600);
		ssize_t size = fd < 0 ? -1 : read(fd, own[i].img, MAX_SIZE);

		if (size < 0 || getrandom(&own[i].seed, 8, 0) != 8)
			loop_die("%s", argv[3 + i]);
		close(fd);
		own[i].path = argv[3 + i];
		own[i].size = (size_t)size;
		errno = pthread_create(&own[i].thread, NULL, writer, &own[i]);
		if (errno)
			loop_die("thread");
	}
	while (loop_now() < end && !bad)
		usleep(20000);
	stop = true;
	alarm(120);
	printf("#");
	for (int i = 0; i < n; i++) {
		pthread_join(own[i].thread, NULL);
		save(&own[i], argv[2], i);
	}
	for (size_t i = 0; i < OPS; i++) {
		printf(" %s %u%s", ops[i].name, done[i], i + 1 < OPS ? "," : "\n");
		if (atof(argv[1]) >= 30 && !done[i]) {
			printf("# %s was never done\n", ops[i].name);
			ret = 1;
		}
	}
	return bad ? 1 : ret;
}
