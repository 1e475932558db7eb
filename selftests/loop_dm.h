/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * loop_dm.h - what the programs that try to break the series share
 *
 * Contents that can be checked from every byte's place alone: data is a function of the file's number and the offset, and
 * never zero; an attribute's value is a function of who it belongs to and the
 * how-manieth it is.
 */
#ifndef LOOP_DM_H
#define LOOP_DM_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wrappers.h"

#define LOOP_GRANULE	65536U
#define LOOP_REGIONS	DMAPI_MAX_REGIONS

static inline void loop_die(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), noreturn));

static inline void loop_die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	fflush(stdout);
	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf(" (errno %d, %s)\n", err, strerror(err));
	fflush(stdout);
	_exit(1);
}

static inline double loop_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* --- Numbers by chance, the same for the same seed ------------------------ */

static inline uint64_t loop_mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static inline uint64_t loop_rand(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15ULL;
	return loop_mix(*state);
}

/* 0 ... n - 1 */
static inline unsigned int loop_below(uint64_t *state, unsigned int n)
{
	return n ? (unsigned int)(loop_rand(state) % n) : 0;
}

/* --- Contents -------------------------------------------------------------- */

static inline void loop_fill(void *buf, uint64_t off, size_t len,
		unsigned int id)
{
	uint8_t *p = buf;
	uint64_t word = 0, have = UINT64_MAX;

	for (size_t i = 0; i < len; i++, off++) {
		uint8_t b;

		if (off / 8 != have) {
			have = off / 8;
			word = loop_mix(have ^ ((uint64_t)(id + 1) << 48));
		}
		b = (uint8_t)(word >> (off % 8 * 8));
		p[i] = b ? b : 0xa5;
	}
}

/* The first offset with a wrong byte, or -1. */
static inline int64_t loop_check(const void *buf, uint64_t off, size_t len,
		unsigned int id)
{
	uint8_t want[4096];

	for (size_t at = 0; at < len; at += sizeof(want)) {
		size_t n = len - at < sizeof(want) ? len - at : sizeof(want);

		loop_fill(want, off + at, n, id);
		if (!memcmp((const uint8_t *)buf + at, want, n))
			continue;
		for (size_t i = 0; i < n; i++)
			if (((const uint8_t *)buf)[at + i] != want[i])
				return (int64_t)(off + at + i);
	}
	return -1;
}

/* What an attribute holds: other bytes with every version. */
static inline void loop_value(void *buf, size_t len, unsigned int file,
		unsigned int slot, unsigned int version)
{
	uint64_t seed = ((uint64_t)version << 16) | (file << 8) | slot;
	uint8_t *p = buf;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)loop_mix(seed ^ ((uint64_t)(i + 1) << 40));
}

/* --- Objects of calls ------------------------------------------------------ */

struct loop_obj {
	uint8_t		han[DMAPI_HANDLE_LEN];
	struct dmapi_object o;
};

static inline int32_t loop_session(const char *info)
{
	int32_t sid;

	errno = (int)-dmapi_create_session(DMAPI_NO_SESSION, info, &sid);
	if (errno)
		loop_die("create session");
	return sid;
}

/* @o must stay where it is. */
static inline void loop_open(struct loop_obj *o, int32_t sid, int fd)
{
	__u64 len = 0;

	errno = (int)-dmapi_fd_to_handle(fd, o->han, &len);
	if (errno)
		loop_die("handle");
	o->o = (struct dmapi_object) {
		.sid = sid,
		.token = DMAPI_NO_TOKEN,
		.hanp = DM_PTR(o->han),
		.hlen = len,
	};
}

/* --- A file of the pattern ------------------------------------------------- */

static inline void loop_make_file(const char *path, uint64_t size,
		unsigned int id)
{
	static uint8_t buf[1 << 20];
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0)
		loop_die("%s", path);
	for (uint64_t off = 0; off < size; off += sizeof(buf)) {
		size_t n = size - off < sizeof(buf) ? size - off : sizeof(buf);

		loop_fill(buf, off, n, id);
		if (pwrite(fd, buf, n, (off_t)off) != (ssize_t)n)
			loop_die("%s: write", path);
	}
	if (fsync(fd) || close(fd))
		loop_die("%s: sync", path);
}

enum loop_seen { LOOP_DATA, LOOP_OFFLINE, LOOP_WRONG };

/* What a read of a piece gives, where nobody is there to recall it. */
static inline enum loop_seen loop_look(int fd, uint64_t off, size_t len,
		unsigned int id)
{
	static __thread uint8_t buf[LOOP_GRANULE];
	ssize_t n = pread(fd, buf, len, (off_t)off);
	int64_t at = n > 0 ? loop_check(buf, off, (size_t)n, id) : -1;

	if (at >= 0) {
		printf("# wrong byte 0x%02x at %lld\n", buf[at - (int64_t)off],
		       (long long)at);
		return LOOP_WRONG;
	}
	/* Without the mount option a read may end where offline bytes begin. */
	if ((n < 0 && errno == EIO) || (n > 0 && n < (ssize_t)len))
		return LOOP_OFFLINE;
	if (n != (ssize_t)len) {
		printf("# read of %zu at %llu gave %zd, errno %d\n", len,
		       (unsigned long long)off, n, n < 0 ? errno : 0);
		return LOOP_WRONG;
	}
	return LOOP_DATA;
}

#endif /* LOOP_DM_H */
