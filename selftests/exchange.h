/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exchange-range, for those whose headers are older than it
 *
 * A job is an exchange that a child does: as programs do it, as a commit of what
 * was prepared, or with descriptors that leave time stamps alone, as xfs_fsr has.
 */
#ifndef DMAPI_TEST_EXCHANGE_H
#define DMAPI_TEST_EXCHANGE_H

#include "common.h"

/* As in fs/xfs/libxfs/xfs_fs.h. */
struct exchange_range {
	__s32 file1_fd;
	__u32 pad;
	__u64 file1_offset;
	__u64 file2_offset;
	__u64 length;
	__u64 flags;
};

struct commit_range {
	struct exchange_range x;
	__u64 file2_freshness[6];
};

#define EXCHANGE_RANGE	_IOW('X', 129, struct exchange_range)
#define START_COMMIT	_IOR('X', 130, struct commit_range)
#define COMMIT_RANGE	_IOW('X', 131, struct commit_range)

#define TO_EOF		(1ULL << 0)
#define DRY_RUN		(1ULL << 2)
#define FILE1_WRITTEN	(1ULL << 3)

/* XFS_IOC_FD_TO_HANDLE and XFS_IOC_OPEN_BY_HANDLE, as libhandle has them. */
struct handle_req {
	__u32 fd;
	const void *path;
	__u32 oflags;
	void *ihandle;
	__u32 ihandlen;
	void *ohandle;
	__u32 *ohandlen;
};

#define FD_TO_HANDLE	_IOWR('X', 106, struct handle_req)
#define OPEN_BY_HANDLE	_IOWR('X', 107, struct handle_req)

enum how { EXCHANGE, COMMIT, HANDLES };

/**
 * struct job - an exchange
 * @how: with which call and descriptors
 * @path: file1 and file2
 * @x: the rest; its descriptor is filled in
 */
struct job {
	enum how how;
	const char *path[2];
	struct exchange_range x;
};

/* A descriptor that leaves time stamps alone. */
static inline int open_by_handle(const char *path)
{
	unsigned char handle[64];
	__u32 len = sizeof(handle);
	struct handle_req h = { .ohandle = handle, .ohandlen = &len };
	int fd = open(path, O_RDWR);
	int ret;

	h.fd = fd;
	if (ioctl(fd, FD_TO_HANDLE, &h))
		return -1;
	h.ihandle = handle;
	h.ihandlen = len;
	h.oflags = O_RDWR;
	close(fd);
	fd = open(dm_mnt(), O_RDONLY | O_DIRECTORY);
	ret = ioctl(fd, OPEN_BY_HANDLE, &h);
	close(fd);
	return ret;
}

static inline long job_run(void *arg)
{
	struct job *j = arg;
	struct commit_range c = { };
	int fd[2];
	long ret;

	for (int i = 0; i < 2; i++) {
		fd[i] = j->how == HANDLES ? open_by_handle(j->path[i]) :
					    open(j->path[i], O_RDWR);
		if (fd[i] < 0)
			return -ENOTTY;
	}
	j->x.file1_fd = fd[0];
	if (j->how != COMMIT) {
		ret = ioctl(fd[1], EXCHANGE_RANGE, &j->x) ? -errno : 0;
	} else if (ioctl(fd[1], START_COMMIT, &c)) {
		ret = -ENOTTY;
	} else {
		c.x = j->x;
		ret = ioctl(fd[1], COMMIT_RANGE, &c) ? -errno : 0;
	}
	close(fd[0]);
	close(fd[1]);
	return ret;
}

#endif /* DMAPI_TEST_EXCHANGE_H */
