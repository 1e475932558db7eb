/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of dm_bench share
 *
 * A measurement prints lines "name value unit" and returns 0, or complains and
 * returns 1.  Values are medians of many short pieces, since the machine may be
 * somebody else's for a moment.
 */
#ifndef DMAPI_BENCH_H
#define DMAPI_BENCH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "../wrappers.h"

#define BENCH_PAGE	4096
#define BENCH_ARMED	(1 << 20)	/* where a file with a region has it */

static inline double bench_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

double bench_median(double *v, size_t n);
double bench_quartile(double *v, size_t n);	/* the lower one */
void bench_print(const char *name, double value, const char *unit);

/* Nobody goes on with what is not there. */
void *bench_alloc(size_t size);

/* A file's handle, made into what a call is about; it is never freed. */
struct dmapi_object bench_object(const char *path, __s32 sid);

/* The session of this name, made if need be. */
__s32 bench_session(const char *name);
void bench_session_end(__s32 sid);

/* The commands; their arguments follow the command's name. */
int bench_setup(int argc, char **argv);		/* dm_bench.c */
int bench_ops(int argc, char **argv);		/* ops.c */
int bench_read(int argc, char **argv);
int bench_events(int argc, char **argv);	/* events.c */
int bench_pend(int argc, char **argv);
int bench_trip(int argc, char **argv);
int bench_again(int argc, char **argv);
int bench_data(int argc, char **argv);		/* data.c */
int bench_stage(int argc, char **argv);
int bench_many(int argc, char **argv);		/* bulk.c */
int bench_bulk(int argc, char **argv);

#endif /* DMAPI_BENCH_H */
