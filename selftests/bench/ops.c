// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an operation costs of which DMAPI wants nothing
 *
 * Each is done in batches of a fraction of a millisecond, which are shorter than
 * what the scheduler gives to others in between.  Of the batches of a piece the
 * one tells that is slower than a quarter of them: others' work only adds.
 */
#include "bench.h"

#define BATCH_NS	300000
#define MAX_BATCHES	65536

struct op {
	const char	*name;
	void		(*run)(const struct op *op);
	int		fd;
	char		*buf;
	char		path[PATH_MAX];
};

static double values[MAX_BATCHES];

static void op_pread(const struct op *op)
{
	if (pread(op->fd, op->buf, BENCH_PAGE, 8 * BENCH_PAGE) != BENCH_PAGE)
		err(1, "pread");
}

static void op_pwrite(const struct op *op)
{
	if (pwrite(op->fd, op->buf, BENCH_PAGE, 9 * BENCH_PAGE) != BENCH_PAGE)
		err(1, "pwrite");
}

static void op_stat(const struct op *op)
{
	struct stat st;

	if (stat(op->path, &st))
		err(1, "stat");
}

/* Map, touch what a fault around does not bring in one go, unmap. */
static void op_fault(const struct op *op)
{
	volatile char *p = mmap(NULL, 1 << 20, PROT_READ, MAP_SHARED, op->fd, 0);
	size_t i;

	if (p == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < 1 << 20; i += 1 << 16)
		(void)p[i];
	munmap((void *)p, 1 << 20);
}

static void op_create_unlink(const struct op *op)
{
	char name[PATH_MAX + 8];
	int fd;

	snprintf(name, sizeof(name), "%s.new", op->path);
	fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0644);
	if (fd < 0)
		err(1, "%s", name);
	close(fd);
	if (unlink(name))
		err(1, "%s", name);
}

static double time_batch(const struct op *op, unsigned int n)
{
	double t = bench_now();
	unsigned int i;

	for (i = 0; i < n; i++)
		op->run(op);
	return (bench_now() - t) / n;
}

static void measure(const struct op *op, int ms)
{
	double end, once;
	unsigned int n;
	size_t nr = 0;

	time_batch(op, 20);
	once = time_batch(op, 20);
	n = once < BATCH_NS ? BATCH_NS / once : 1;
	end = bench_now() + ms * 1e6;
	while (bench_now() < end && nr < MAX_BATCHES)
		values[nr++] = time_batch(op, n);
	bench_print(op->name, bench_quartile(values, nr), "ns");
}

static void op_open(struct op *op, const char *path, int flags)
{
	snprintf(op->path, sizeof(op->path), "%s", path);
	op->buf = bench_alloc(BENCH_PAGE);
	op->fd = open(path, flags);
	if (op->fd < 0)
		err(1, "%s", path);
}

int bench_ops(int argc, char **argv)
{
	struct op ops[] = {
		{ .name = "pread", .run = op_pread },
		{ .name = "pwrite", .run = op_pwrite },
		{ .name = "stat", .run = op_stat },
		{ .name = "fault", .run = op_fault },
		{ .name = "create_unlink", .run = op_create_unlink },
	};
	char path[PATH_MAX];
	size_t i;

	if (argc != 2)
		return 2;
	snprintf(path, sizeof(path), "%s/plain", argv[0]);
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		op_open(&ops[i], path, O_RDWR);
		measure(&ops[i], atoi(argv[1]));
	}
	return 0;
}

int bench_read(int argc, char **argv)
{
	struct op op = { .name = "pread", .run = op_pread };

	if (argc != 2)
		return 2;
	op_open(&op, argv[0], O_RDONLY);
	measure(&op, atoi(argv[1]));
	return 0;
}
