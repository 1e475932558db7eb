// SPDX-License-Identifier: GPL-2.0-only
/*
 * Versions of the data, and staged data
 */
#include "conform.h"

#define ON_FILE(fn, fl, pt, expr, ...)	\
	FUNC(fn, CALL | SID | TOKEN | IS_FILE | (fl), pt, expr, ##__VA_ARGS__)

static uint64_t change_of(struct handle h)
{
	uint64_t n = 0;

	NEED_OK(dmx_get_change(w.sid, H(h), DM_NO_TOKEN, &n));
	return n;
}

ON_FILE(dmx_get_change, EXCL | CHANGES, "changep:o",
	dmx_get_change(OBJ, c->p[0]))

CASE(dmx_get_change, ok_follows_the_data)
{
	uint64_t n = change_of(w.file);

	THAT(n && n == change_of(w.file));
	NEED_OK(chmod(w.path, 0600));
	THAT(n == change_of(w.file));
	NEED_OK(truncate(w.path, 5));
	THAT(n != change_of(w.file));
}

static uint64_t known;

static void knows(struct call *c)
{
	arm((struct handle){ c->hanp, c->hlen }, 0, 0, DM_REGION_READ);
	known = change_of((struct handle){ c->hanp, c->hlen });
}

ON_FILE(dmx_punch_hole_if, EXCL | CHANGES, "",
	dmx_punch_hole_if(OBJ, 0, GRANULE, known), .prepare = knows)

CASE(dmx_punch_hole_if, ESTALE_changed)
{
	uint64_t n = change_of(w.file);
	struct stat st, now;

	arm(w.file, 0, 0, DM_REGION_READ);
	ERR(ESTALE, dmx_punch_hole_if(w.sid, H(w.file), DM_NO_TOKEN, 0, 0, n + 1));
	NEED_OK(stat(w.path, &st));
	NEED_OK(truncate(w.path, FILE_SIZE + 4096));
	ERR(ESTALE, dmx_punch_hole_if(w.sid, H(w.file), DM_NO_TOKEN, 0, 0, n));
	NEED_OK(stat(w.path, &now));
	THAT(now.st_blocks == st.st_blocks);
}

/* The rest is as in dm_punch_hole(). */
static void bad_punch(int want, dm_off_t off, dm_size_t len)
{
	arm(w.file, 0, 0, DM_REGION_READ);
	ERR(want, dmx_punch_hole_if(w.sid, H(w.file), DM_NO_TOKEN, off, len,
				    change_of(w.file)));
}

CASE(dmx_punch_hole_if, E2BIG_range) { bad_punch(E2BIG, FILE_SIZE, 0); }
CASE(dmx_punch_hole_if, EAGAIN_granule) { bad_punch(EAGAIN, 1, GRANULE); }

CASE(dmx_punch_hole_if, EBUSY_mapped)
{
	pid_t pid;

	arm(w.file, 2 * GRANULE, 0, DM_REGION_READ);
	pid = spawn(maps, w.path);
	usleep(300000);
	ERR(EBUSY, dmx_punch_hole_if(w.sid, H(w.file), DM_NO_TOKEN, 0, GRANULE,
				     change_of(w.file)));
	kill(pid, SIGKILL);
	reaped(pid);
}

static int staged = -1;

static int stage_file(const char *name, size_t size)
{
	make_file(name, size);
	return open(in_dir(name), O_RDWR | O_CLOEXEC);
}

static void has_stage(struct call *c)
{
	offline((struct handle){ c->hanp, c->hlen });
	if (staged >= 0)
		close(staged);
	staged = stage_file("stage", FILE_SIZE);
}

ON_FILE(dmx_stage, EXCL, "", dmx_stage(OBJ, staged, 0, 0, FILE_SIZE, 0),
	.prepare = has_stage)

static void bad_stage(int want, int fd, dm_off_t from, dm_off_t to, uint64_t change)
{
	ERR(want, dmx_stage(w.sid, H(w.file), DM_NO_TOKEN, fd, from, to, GRANULE,
			    change));
}

CASE(dmx_stage, ok_blocks_move)
{
	int fd = stage_file("s", FILE_SIZE);
	struct stat st;
	char c = 0;

	offline(w.file);
	OK(dmx_stage(w.sid, H(w.file), DM_NO_TOKEN, fd, 0, 0, 0, 0));
	NEED_OK(fstat(fd, &st));
	THAT(st.st_blocks == 0);
	RET(1, dm_read_invis(w.sid, H(w.file), DM_NO_TOKEN, 9, 1, &c));
	THAT(c == 'd');
}

CASE(dmx_stage, EINVAL_range_and_file)
{
	int fd = stage_file("s", FILE_SIZE), own;

	own = open(w.path, O_RDWR | O_CLOEXEC);
	offline(w.file);
	bad_stage(EINVAL, fd, -1, 0, 0);
	bad_stage(EINVAL, fd, 1, 0, 0);
	bad_stage(EINVAL, fd, 0, 1, 0);
	bad_stage(EINVAL, fd, 0, 2 * FILE_SIZE, 0);
	bad_stage(EINVAL, own, 0, 0, 0);
}

CASE(dmx_stage, EBADF_fd)
{
	int fd = stage_file("s", FILE_SIZE);

	offline(w.file);
	close(fd);
	bad_stage(EBADF, fd, 0, 0, 0);
	bad_stage(EBADF, -1, 0, 0, 0);
	bad_stage(EBADF, open(in_dir("s"), O_RDONLY | O_CLOEXEC), 0, 0, 0);
	bad_stage(EBADF, open(in_dir("s"), O_WRONLY | O_CLOEXEC), 0, 0, 0);
	bad_stage(EBADF, open(in_dir("s"), O_RDWR | O_APPEND | O_CLOEXEC), 0, 0, 0);
}

CASE(dmx_stage, EXDEV_elsewhere)
{
	int fd = memfd_create("s", MFD_CLOEXEC);

	offline(w.file);
	NEED_OK(ftruncate(fd, FILE_SIZE));
	bad_stage(EXDEV, fd, 0, 0, 0);
}

CASE(dmx_stage, ENODATA_hole)
{
	int fd = stage_file("s", 0);

	offline(w.file);
	bad_stage(ENODATA, fd, 0, 0, 0);
	NEED_OK(ftruncate(fd, FILE_SIZE));
	bad_stage(ENODATA, fd, 0, 0, 0);
	NEED_OK(posix_fallocate(fd, 0, FILE_SIZE));
	bad_stage(ENODATA, fd, 0, 0, 0);
}

CASE(dmx_stage, ESTALE_version)
{
	uint64_t n = change_of(w.file);
	int fd = stage_file("s", FILE_SIZE);

	offline(w.file);
	bad_stage(ESTALE, fd, 0, 0, n + 1);
	bad_stage(ESTALE, fd, 0, 0, 1);
}

CASE(dmx_stage, EBUSY_mapped)
{
	int fd = stage_file("s", FILE_SIZE);
	pid_t pid = spawn(maps, in_dir("s"));

	offline(w.file);
	usleep(300000);
	bad_stage(EBUSY, fd, 0, 0, 0);
	kill(pid, SIGKILL);
	reaped(pid);
}
